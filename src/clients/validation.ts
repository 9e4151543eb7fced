/** Checks the input to create or change a client. All faults are reported at once. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { checkAllowances, checkDefaultResource, type FindResource } from './allowances.ts'
import { inlineKeys } from './client-keys.ts'
import type { ClientFields } from './client-store.ts'
import type { Client, ClientInput, ClientOrigin } from './client.ts'
import { refuseDocumentMembers } from './documents/added-members.ts'
import { ClientMetadataError } from './errors.ts'
import { keyThumbprint } from './key-thumbprint.ts'
import { checkMetadata } from './metadata.ts'
import { isOffered, isProfile, type Offers, type Profile, PROFILES } from './profiles.ts'

export interface ValidationDeps {
  /** Finds a registered resource. Allowances can name only registered ones. */
  readonly findResource: FindResource
  /** Hosts whose keys (`jwks_uri`) may be fetched over plain http; none unless given. */
  readonly allowHttpJwksUri?: (host: string) => boolean
  readonly offers: Offers
  /** Private-use schemes without a dot that redirect URIs of self-registered clients may have; none unless given. */
  readonly selfRegisteredSchemes?: () => readonly string[]
}

/**
 * The form of chosen ids. It excludes account ids and pairwise subjects, so that a client cannot pass for a person (RFC 9700
 * §4.15), ids of self-registered clients, and URLs, which are resource identifiers and client metadata documents.
 */
const CHOSEN_ID = /^(?!acc-|pair-|reg-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const CHOSEN_ID_EXPECTED =
  '1 to 64 of A-Z a-z 0-9 . _ - that begin with a letter or digit, and not with acc-, pair- or reg-'

/**
 * Returns the fields to write: `input` on top of `before`. `origin` is that of a new client, an administrator by
 * default. Throws ClientMetadataError with all faults.
 */
export async function validateClient(
  deps: ValidationDeps,
  input: Partial<ClientInput> & { readonly origin?: ClientOrigin },
  before: Client | undefined,
): Promise<ClientFields> {
  const faults: Fault[] = []
  const { offers } = deps
  const profile = checkProfile(input.profile, before, faults, offers)
  if (input.id !== undefined && (before ? input.id !== before.id : !CHOSEN_ID.test(input.id))) {
    const expected = before?.id ?? CHOSEN_ID_EXPECTED
    faults.push({ field: 'client_id', given: shown(input.id), expected })
  }
  // all other checks depend on the profile
  if (profile === undefined) throw new ClientMetadataError(faults)
  if (before?.origin === 'document') refuseDocumentMembers(input, before, faults)
  const origin = before?.origin ?? input.origin ?? 'administrator'
  const options = {
    allowHttpJwksUri: deps.allowHttpJwksUri ?? (() => false),
    offers,
    selfRegisteredSchemes: deps.selfRegisteredSchemes?.() ?? [],
  }
  const checked = checkMetadata(profile, input.metadata ?? {}, before, { origin, faults, options })
  if (input.metadata?.jwks && before) checkNotRevoked(checked, before, faults)
  const allowances =
    input.allowances === undefined
      ? (before?.allowances ?? [])
      : await checkAllowances(input.allowances, deps.findResource, faults)
  const wanted = input.defaultResource === undefined ? before?.defaultResource : input.defaultResource
  const defaultResource = await checkDefaultResource(wanted, allowances, deps.findResource, faults)
  if (faults.length > 0) throw new ClientMetadataError(faults)
  return { profile, ...checked, allowances, defaultResource }
}

/**
 * Refuses revoked keys, except one that is still in the metadata: the last key stays there, and what it signs is
 * refused.
 */
function checkNotRevoked(checked: Pick<Client, 'metadata'>, before: Client, faults: Fault[]): void {
  const present = new Set(inlineKeys(before).map(keyThumbprint))
  for (const [at, key] of inlineKeys(checked).entries()) {
    const thumbprint = keyThumbprint(key)
    if (!before.revokedKeys.has(thumbprint) || present.has(thumbprint)) continue
    const expected = 'a key that was not revoked: make a new one'
    faults.push({ field: `jwks.keys[${at}]`, given: shown(key.kid ?? thumbprint), expected })
  }
}

function checkProfile(
  given: unknown,
  before: Client | undefined,
  faults: Fault[],
  offers: Offers,
): Profile | undefined {
  if (given === undefined && before) return before.profile
  if (isProfile(given) && isOffered(given, offers)) return given
  const names = Object.keys(PROFILES).filter((name) => isProfile(name) && isOffered(name, offers))
  const expected = `one of ${names.join(', ')}`
  const known = isProfile(given) ? `${expected}: this server does not offer what ${given} needs` : expected
  faults.push({ field: 'signet_profile', given: shown(given), expected: known })
  return undefined
}
