/** What a self-registered client may register: the policy of its initial access token, or that of open registration. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { checkAllowances, type FindResource } from '../allowances.ts'
import type { Allowance, Client } from '../client.ts'
import { ClientMetadataError } from '../errors.ts'
import { GRANT, isProfile, OPENID_SCOPES, type Profile, PROFILES } from '../profiles.ts'

export interface RegistrationPolicy {
  readonly profiles: readonly Profile[]
  /** OpenID scopes. */
  readonly scopes: readonly string[]
  /** What the client may ask for besides the open scopes of resources. */
  readonly allow: readonly Allowance[]
  /** Hosts of redirect URIs, `*.` before a host for those below it, `scheme:` for a private-use scheme; null for all. */
  readonly redirect_hosts: readonly string[] | null
  /** Whether confidential web clients send their requests without PKCE if they like; absent: all must have it. */
  readonly pkce?: 'optional'
  /** What assertions of clients that choose no audience may name as `aud`; absent: the issuer alone. */
  readonly assertion_audience?: 'token_endpoint'
  /** Grant types that it may not have. */
  readonly withoutGrants: readonly string[]
  /** Members with a value that the client cannot change: those of its software statement. */
  readonly fixed: Readonly<Record<string, unknown>>
}

/** Profiles whose tokens are for a person who is asked first. A client without a person needs an initial access token. */
const WITH_A_PERSON: readonly Profile[] = ['web', 'spa', 'native', 'device']
const MAX_HOSTS = 100
const HOST = /^(?:(?:\*\.)?(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]{2,45}\]|[a-z][a-z0-9+.-]{0,63}:)$/

/** Applies to clients without an initial access token. */
export const OPEN_POLICY: RegistrationPolicy = {
  profiles: WITH_A_PERSON,
  scopes: OPENID_SCOPES,
  allow: [],
  redirect_hosts: null,
  // nor may a client that nobody knows ask people whenever it likes
  withoutGrants: [GRANT.machine, GRANT.ciba],
  fixed: {},
}

/** Input of an administrator; a member that is absent has no limit, and `allow` is empty. */
export interface PolicyInput {
  readonly profiles?: readonly unknown[] | undefined
  readonly scopes?: readonly unknown[] | undefined
  readonly allow?: unknown
  readonly redirect_hosts?: readonly unknown[] | undefined
  readonly pkce?: 'required' | 'optional' | undefined
  readonly assertion_audience?: 'issuer' | 'token_endpoint' | undefined
}

/** Returns the policy. Pushes what is wrong to `faults`. */
export async function checkPolicy(
  { profiles, scopes, allow, redirect_hosts: hosts, pkce, assertion_audience: audience }: PolicyInput,
  find: FindResource,
  faults: Fault[],
): Promise<RegistrationPolicy> {
  const all = Object.keys(PROFILES) as Profile[]
  profiles?.forEach((profile, at) => {
    if (isProfile(profile)) return
    faults.push({ field: `profiles[${at}]`, given: shown(profile), expected: `one of ${all.join(', ')}` })
  })
  scopes?.forEach((scope, at) => {
    if (OPENID_SCOPES.some((known) => known === scope)) return
    const expected = `one of ${OPENID_SCOPES.join(', ')}; scopes of an API come with allow`
    faults.push({ field: `scopes[${at}]`, given: shown(scope), expected })
  })
  if (hosts && hosts.length > MAX_HOSTS) {
    faults.push({ field: 'redirect_hosts', given: hosts.length, expected: `at most ${MAX_HOSTS} hosts` })
  }
  hosts?.forEach((host, at) => {
    if (typeof host === 'string' && HOST.test(host)) return
    const expected = 'a host in lower case such as app.example.com, *.example.com or localhost, or com.example.app:'
    faults.push({ field: `redirect_hosts[${at}]`, given: shown(host), expected })
  })
  const inAllow: Fault[] = []
  const allowances = allow === undefined ? [] : await checkAllowances(allow, find, inAllow)
  faults.push(...inAllow.map((fault) => ({ ...fault, field: fault.field.replace('signet_allow', 'allow') })))
  return {
    profiles: profiles ? profiles.filter(isProfile) : all,
    scopes: (scopes ?? OPENID_SCOPES).map(String),
    allow: allowances,
    redirect_hosts: hosts ? hosts.map(String) : null,
    ...(pkce === 'optional' && { pkce }),
    ...(audience === 'token_endpoint' && { assertion_audience: audience }),
    withoutGrants: [],
    fixed: {},
  }
}

/** Throws ClientMetadataError with each redirect URI that the policy does not allow. */
export function requireHosts(
  { metadata }: Pick<Client, 'metadata'>,
  { redirect_hosts: hosts }: RegistrationPolicy,
): void {
  if (!hosts) return
  const faults: Fault[] = []
  for (const field of ['redirect_uris', 'post_logout_redirect_uris']) {
    const uris = metadata[field]
    if (!Array.isArray(uris)) continue
    for (const [at, uri] of uris.map(String).entries()) {
      if (hosts.some((host) => isAt(uri, host))) continue
      const expected = `one of the places that the initial access token allows: ${hosts.join(', ')}`
      faults.push({ field: `${field}[${at}]`, given: shown(uri), expected })
    }
  }
  if (faults.length > 0) throw new ClientMetadataError(faults)
}

function isAt(uri: string, allowed: string): boolean {
  const url = URL.parse(uri)
  if (!url) return false
  if (allowed.endsWith(':')) return url.protocol === allowed
  if (!['http:', 'https:'].includes(url.protocol)) return false
  return allowed.startsWith('*.') ? url.hostname.endsWith(allowed.slice(1)) : url.hostname === allowed
}
