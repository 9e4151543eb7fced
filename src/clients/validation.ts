/** Checks the whole of what a caller gives to make or change a client; all faults are told at once. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { checkAllowances, checkDefaultResource, type FindResource } from './allowances.ts'
import type { ClientFields } from './client-store.ts'
import type { Client, ClientInput, Profile } from './client.ts'
import { ClientMetadataError } from './errors.ts'
import { checkMetadata } from './metadata.ts'
import { isProfile, PROFILES } from './profiles.ts'

export interface ValidationDeps {
  /** The registered resource behind an identifier: allowances are for those alone. */
  readonly findResource: FindResource
  /** Hosts whose keys (`jwks_uri`) may be fetched over plain http; none unless given. */
  readonly allowHttpJwksUri?: (host: string) => boolean
}

/** Chosen ids: never that of a random subject (RFC 9700 §4.15). */
const CHOSEN_ID = /^(?!acc-)[A-Za-z0-9._-]{1,64}$/

/** What is to be written, from `input` over what `before` had. Throws ClientMetadataError. */
export async function validateClient(
  deps: ValidationDeps,
  input: Partial<ClientInput>,
  before: Client | undefined,
): Promise<ClientFields> {
  const faults: Fault[] = []
  const profile = checkProfile(input.profile, before, faults)
  if (input.id !== undefined && (before ? input.id !== before.id : !CHOSEN_ID.test(input.id))) {
    const expected = before?.id ?? '1 to 64 of A-Z a-z 0-9 . _ - and not beginning with acc-'
    faults.push({ field: 'client_id', given: shown(input.id), expected })
  }
  // without a profile there is no telling what the rest should be
  if (profile === undefined) throw new ClientMetadataError(faults)
  const options = { allowHttpJwksUri: deps.allowHttpJwksUri ?? (() => false) }
  const checked = checkMetadata(profile, input.metadata ?? {}, before, { faults, options })
  const allowances =
    input.allowances === undefined
      ? (before?.allowances ?? [])
      : await checkAllowances(input.allowances, deps.findResource, faults)
  const wanted = input.defaultResource === undefined ? before?.defaultResource : input.defaultResource
  const defaultResource = await checkDefaultResource(wanted, allowances, deps.findResource, faults)
  if (faults.length > 0) throw new ClientMetadataError(faults)
  return { profile, ...checked, allowances, defaultResource }
}

function checkProfile(given: unknown, before: Client | undefined, faults: Fault[]): Profile | undefined {
  if (given === undefined && before) return before.profile
  if (isProfile(given)) return given
  const expected = `one of ${Object.keys(PROFILES).join(', ')}`
  faults.push({ field: 'signet_profile', given: shown(given), expected })
  return undefined
}
