/** The sector of a client with pairwise subjects: the clients of one sector get the same subjects. */
import { shown } from '#shared/shown.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Client } from './client.ts'
import { ClientMetadataError } from './errors.ts'
import { fetchFault, fetchJson } from './fetch-json.ts'
import { GRANT } from './profiles.ts'
import { isLoopbackHost } from './redirect-uris.ts'

type Metadata = Client['metadata']

const MEMBER = 'sector_identifier_uri'
/** The members whose change makes the document behind the URI be read again. */
const CHECKED_MEMBERS = [MEMBER, 'redirect_uris', 'jwks_uri', 'grant_types']
/** Grants without a redirect URI, whose clients show by their `jwks_uri` that they belong to a sector (CIBA §4). */
const WITHOUT_REDIRECT = [GRANT.device, GRANT.ciba] as const

/**
 * Returns the sector identifier (OpenID Connect Core §8.1): the host of `sector_identifier_uri`, or else that of the
 * redirect URIs, or else that of `jwks_uri`.
 */
export function sectorOf(metadata: Metadata): string {
  const { sector_identifier_uri: uri, jwks_uri: keys } = metadata
  const [redirect] = redirectUrisOf(metadata)
  return new URL(String(uri ?? redirect ?? keys)).hostname
}

/** Returns the host of the redirect URIs; undefined when there are several, or one that other clients share. */
export function ownHost(redirectUris: readonly string[]): string | undefined {
  const hosts = new Set(redirectUris.map((uri) => new URL(uri).hostname))
  const [host = ''] = hosts
  return hosts.size === 1 && host !== '' && !isLoopbackHost(host) ? host : undefined
}

/** Whether a client gets tokens of people without sending them to a redirect URI. */
export function signsInElsewhere(grantTypes: readonly string[]): boolean {
  return WITHOUT_REDIRECT.some((type) => grantTypes.includes(type))
}

/**
 * Fetches the document behind `sector_identifier_uri` when it is new, or what it must list has changed. Throws
 * ClientMetadataError unless it lists every redirect URI (OpenID Connect Registration §5).
 */
export async function assertSector(
  fetch: GuardedFetch,
  metadata: Metadata,
  before: Pick<Client, 'metadata'> | undefined,
): Promise<void> {
  const uri = metadata[MEMBER]
  if (typeof uri !== 'string') return
  if (before && CHECKED_MEMBERS.every((name) => isSame(metadata[name], before.metadata[name]))) return
  const fault = await faultOf(fetch, uri, metadata)
  if (fault === undefined) return
  const expected = `an address of a JSON array with every redirect URI of the client: ${fault}`
  throw new ClientMetadataError([{ field: MEMBER, given: shown(uri), expected }])
}

async function faultOf(fetch: GuardedFetch, uri: string, metadata: Metadata): Promise<string | undefined> {
  const answer = await fetchJson(fetch, uri).catch((error: unknown) => fetchFault(error))
  if (typeof answer === 'string') return answer
  if (answer.status !== 200) return `it answered with status ${answer.status}`
  const { document } = answer
  if (!Array.isArray(document)) return 'it answered with something else'
  const needed = redirectUrisOf(metadata)
  // CIBA §4, also for the device grant: the address of the keys shows that the client belongs to the sector
  if (signsInElsewhere(metadata['grant_types'] as string[])) needed.push(String(metadata['jwks_uri']))
  const missing = needed.find((one) => !document.includes(one))
  return missing === undefined ? undefined : `it does not list ${missing}`
}

function redirectUrisOf(metadata: Metadata): string[] {
  return [...((metadata['redirect_uris'] ?? []) as string[])]
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
