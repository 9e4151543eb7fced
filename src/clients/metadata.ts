/** Checks the metadata of a client against its profile and completes it; all faults are told at once. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { checkJwks } from './client-keys.ts'
import type { Client, Profile } from './client.ts'
import { isWebAddress, memberRule, unknownMember, USUAL } from './members.ts'
import { GRANT, offeredGrantTypes, type Offers, OPENID_SCOPES, PROFILES, type ProfileRules } from './profiles.ts'
import { checkRedirectUris } from './redirect-uris.ts'

type Values = Record<string, unknown>

export interface MetadataOptions {
  /** Hosts whose keys may be fetched over plain http. */
  readonly allowHttpJwksUri: (host: string) => boolean
  readonly offers: Offers
}

interface Draft {
  readonly profile: Profile
  readonly rules: ProfileRules
  /** Members by name; what was refused is taken out so that it is told once. */
  readonly values: Map<string, unknown>
  readonly faults: Fault[]
  readonly options: MetadataOptions
}

export interface CheckedMetadata {
  readonly metadata: Values
  readonly openidScopes: readonly string[]
}

/** Members that follow from others and are worked out anew when those change and they are not given. */
const FOLLOWS: ReadonlyMap<string, readonly string[]> = new Map([
  ['grant_types', ['response_types']],
  ['jwks', ['jwks_uri']],
  ['jwks_uri', ['jwks']],
  ['token_endpoint_auth_method', ['token_endpoint_auth_signing_alg', 'signet_assertion_audience']],
])
/** Members that a change of the profile leaves alone. */
const BEYOND_PROFILES = [
  'redirect_uris',
  'post_logout_redirect_uris',
  'contacts',
  'jwks',
  'jwks_uri',
  'software_id',
  'software_version',
  'initiate_login_uri',
]

/**
 * Members from `given` over those of `before`; null takes one away, so that the profile's default stands again.
 * Faults are pushed; the result is of use only when there are none.
 */
export function checkMetadata(
  profile: Profile,
  given: Readonly<Values>,
  before: Pick<Client, 'profile' | 'metadata' | 'openidScopes'> | undefined,
  context: { faults: Fault[]; options: MetadataOptions },
): CheckedMetadata {
  const draft: Draft = {
    profile,
    rules: PROFILES[profile],
    values: new Map(carried(profile, given, before)),
    faults: context.faults,
    options: context.options,
  }
  takeMembers(draft, given)
  checkFixed(draft)
  checkGrants(draft)
  checkRedirects(draft)
  checkAuthentication(draft)
  checkKeys(draft)
  checkOwnMembers(draft)
  const keepsScopes = before?.profile === profile && given.scope !== null
  const openidScopes = checkOpenidScopes(draft, keepsScopes ? before.openidScopes : undefined)
  draft.values.delete('scope')
  return { metadata: Object.fromEntries(draft.values), openidScopes }
}

/** What stays of the members before. */
function carried(
  profile: Profile,
  given: Readonly<Values>,
  before: Pick<Client, 'profile' | 'metadata'> | undefined,
): [string, unknown][] {
  if (!before) return []
  const dropped = new Set(
    Object.keys(given).flatMap((name) =>
      given[name] === null || given[name] === undefined ? [] : (FOLLOWS.get(name) ?? []),
    ),
  )
  return Object.entries(before.metadata).filter(([name]) => {
    if (dropped.has(name)) return false
    return before.profile === profile || BEYOND_PROFILES.includes(name) || /^(?:client_|logo_|policy_|tos_)/.test(name)
  })
}

function takeMembers({ values, faults, options }: Draft, given: Readonly<Values>): void {
  for (const [name, value] of Object.entries(given)) {
    const rule = memberRule(name)
    if (name === 'dpop_bound_access_tokens' && value === true && !options.offers.dpop) {
      faults.push({ field: name, given: true, expected: 'nothing here: this server does not offer it' })
      continue
    }
    if (!rule) {
      const secret = name === 'client_secret' || name.endsWith('_token')
      const field = name.slice(0, 100).toWellFormed()
      faults.push({ field, given: secret ? '(not shown)' : shown(value), expected: unknownMember(name) })
    } else if (value === null || value === undefined) {
      values.delete(name)
    } else if (rule.fits(value)) {
      values.set(name, value)
    } else {
      values.delete(name)
      faults.push({ field: name, given: shown(value), expected: rule.expected })
    }
  }
}

function checkFixed({ profile, rules, values, faults }: Draft): void {
  const fixed = { application_type: rules.applicationType, ...rules.fixed }
  for (const [name, value] of Object.entries(fixed)) {
    const given = values.get(name) ?? value
    if (given !== value) {
      faults.push({ field: name, given: shown(given), expected: `${value}, as for every ${profile} client` })
    }
    values.set(name, value)
  }
}

function checkGrants({ profile, rules, values, faults, options }: Draft): void {
  const { required, usual } = rules.grantTypes
  const given = values.get('grant_types') ?? usual
  const allowed = [...new Set([...usual, ...offeredGrantTypes(profile, options.offers)])]
  const fits =
    isTexts(given) && required.every((type) => given.includes(type)) && given.every((type) => allowed.includes(type))
  if (!fits) {
    const others = allowed.filter((type) => !required.includes(type))
    const more = others.length > 0 ? ` and, as wanted, ${others.join(', ')}` : ''
    faults.push({ field: 'grant_types', given: shown(given), expected: `for ${profile} ${required.join(', ')}${more}` })
  }
  const types = fits ? [...new Set(given)] : [...usual]
  values.set('grant_types', types)
  // OAuth 2.1 §10.1: no implicit grant, so `code` is the only response type
  const responseTypes = types.includes(GRANT.code) ? ['code'] : []
  const givenTypes = values.get('response_types') ?? responseTypes
  if (!isTexts(givenTypes) || givenTypes.join(' ') !== responseTypes.join(' ')) {
    const expected = responseTypes.length > 0 ? '["code"]' : '[], because the client has no authorization_code grant'
    faults.push({ field: 'response_types', given: shown(givenTypes), expected })
  }
  values.set('response_types', responseTypes)
}

function checkRedirects({ rules, values, faults }: Draft): void {
  const native = rules.applicationType === 'native'
  const redirects = values.get('response_types')
  const hasCode = Array.isArray(redirects) && redirects.length > 0
  for (const field of ['redirect_uris', 'post_logout_redirect_uris']) {
    const given = values.get(field) ?? []
    const uris = checkRedirectUris(field, given, native, faults)
    if (!hasCode && uris.length > 0) {
      const expected = '[], because the client has no authorization_code grant'
      faults.push({ field, given: shown(given), expected })
    }
    values.set(field, uris)
  }
  const none = values.get('redirect_uris')
  if (hasCode && Array.isArray(none) && none.length === 0 && !faults.some(({ field }) => field === 'redirect_uris')) {
    faults.push({ field: 'redirect_uris', given: [], expected: 'at least one URI to come back to' })
  }
}

function checkAuthentication({ profile, rules, values, faults }: Draft): void {
  const [usual, ...others] = rules.authMethods
  const method = oneOf('token_endpoint_auth_method', [usual, ...others], usual)
  values.set('token_endpoint_auth_method', method)

  const alg = values.get('token_endpoint_auth_signing_alg')
  if (alg !== undefined && method !== 'private_key_jwt') {
    const expected = 'nothing here: only clients with private_key_jwt sign assertions'
    faults.push({ field: 'token_endpoint_auth_signing_alg', given: shown(alg), expected })
  } else if (alg !== undefined) {
    oneOf('token_endpoint_auth_signing_alg', rules.assertionAlgs, undefined)
  }
  const [idTokenAlg] = rules.idTokenAlgs
  if (rules.openidScopes.length > 0) {
    const checked = oneOf('id_token_signed_response_alg', rules.idTokenAlgs, idTokenAlg)
    values.set('id_token_signed_response_alg', checked)
  } else if (values.has('id_token_signed_response_alg')) {
    const expected = `nothing here: a ${profile} client gets no ID tokens`
    faults.push({
      field: 'id_token_signed_response_alg',
      given: shown(values.get('id_token_signed_response_alg')),
      expected,
    })
  }

  function oneOf(field: string, allowed: readonly string[], usualValue: string | undefined): unknown {
    const given = values.get(field) ?? usualValue
    if (allowed.some((value) => value === given)) return given
    faults.push({ field, given: shown(given), expected: `for ${profile} ${allowed.join(', ')}` })
    return usualValue
  }
}

function checkKeys(draft: Draft): void {
  const { values, faults, options } = draft
  const jwks = values.get('jwks')
  const uri = values.get('jwks_uri')
  // RFC 7591 §2: "The "jwks_uri" and "jwks" parameters MUST NOT both be present"
  if (jwks !== undefined && uri !== undefined) {
    faults.push({ field: 'jwks_uri', given: shown(uri), expected: 'either jwks or jwks_uri, not both' })
  }
  if (uri !== undefined && !isKeysAddress(uri, options)) {
    faults.push({ field: 'jwks_uri', given: shown(uri), expected: 'an https URL of a JWK Set, without fragment' })
  }
  const checked = jwks === undefined ? undefined : checkJwks(jwks, faults)
  if (checked) values.set('jwks', checked.jwks)
  if (values.get('token_endpoint_auth_method') !== 'private_key_jwt') return
  if (jwks === undefined && uri === undefined) {
    const expected = 'the public keys that the client signs with (jwks), or where they are (jwks_uri)'
    faults.push({ field: 'jwks', given: null, expected })
  }
  if (checked) checkKeysFit(draft, checked.assertionAlgs)
}

/** At least one key signs with an algorithm that is taken from this client. */
function checkKeysFit({ profile, rules, values, faults }: Draft, have: ReadonlySet<string>): void {
  const alg = values.get('token_endpoint_auth_signing_alg')
  const wanted = typeof alg === 'string' ? [alg] : rules.assertionAlgs
  if (wanted.some((name) => have.has(name))) return
  const given = have.size > 0 ? `keys for ${[...have].join(', ')}` : 'no key for an accepted algorithm'
  faults.push({ field: 'jwks', given, expected: `for ${profile} a signing key for ${wanted.join(' or ')}` })
}

function checkOwnMembers({ profile, rules, values, faults }: Draft): void {
  const method = values.get('token_endpoint_auth_method')
  const confidential = method !== 'none'
  refuse(
    'signet_pkce',
    'optional',
    !confidential || !rules.pkceMayBeOptional,
    'required; only confidential web clients may do without PKCE',
  )
  refuse(
    'signet_assertion_audience',
    'token_endpoint',
    method !== 'private_key_jwt' || profile === 'fapi2',
    method === 'private_key_jwt'
      ? 'issuer, as for every fapi2 client'
      : 'nothing here: only clients with private_key_jwt send assertions',
  )
  refuse('signet_introspect', true, !confidential, 'false; only a client that authenticates may introspect')
  const origins = values.get('signet_origins')
  if (origins !== undefined && !rules.hasOrigins) {
    const expected = `nothing here: a ${profile} client does not run in a browser`
    faults.push({ field: 'signet_origins', given: shown(origins), expected })
  }
  for (const [name, value] of USUAL) if (values.get(name) === value) values.delete(name)

  function refuse(field: string, value: unknown, refused: boolean, expected: string): void {
    if (refused && values.get(field) === value) faults.push({ field, given: value, expected })
  }
}

function checkOpenidScopes({ profile, rules, values, faults }: Draft, before: readonly string[] | undefined): string[] {
  const given = values.get('scope')
  const grants = values.get('grant_types') as string[]
  if (given === undefined) {
    // without refresh tokens there is nothing that works while the person is away
    return (before ?? rules.openidScopes).filter(
      (scope) => scope !== 'offline_access' || grants.includes(GRANT.refresh),
    )
  }
  const scopes = typeof given === 'string' ? given.split(' ').filter(Boolean) : [given]
  const allowed: readonly unknown[] = rules.openidScopes.length > 0 ? OPENID_SCOPES : []
  const wrong = scopes.find((scope) => !allowed.includes(scope))
  if (wrong !== undefined) {
    const some = allowed.length > 0 ? `some of ${allowed.join(' ')}` : `nothing for a ${profile} client`
    faults.push({ field: 'scope', given: shown(wrong), expected: `${some}; scopes of an API come with signet_allow` })
  } else if (scopes.includes('offline_access') && !grants.includes(GRANT.refresh)) {
    faults.push({ field: 'scope', given: 'offline_access', expected: 'the grant refresh_token with it' })
  }
  return [...new Set(scopes.map(String))]
}

function isKeysAddress(value: unknown, { allowHttpJwksUri }: MetadataOptions): boolean {
  if (typeof value !== 'string' || value.includes('#')) return false
  const url = URL.parse(value)
  if (url?.protocol !== 'http:') return isWebAddress(value)
  return url.username === '' && url.password === '' && allowHttpJwksUri(url.hostname)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}
