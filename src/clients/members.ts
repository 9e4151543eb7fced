/** The registration members that a client may have, each with the rule of its value alone. */
import { EXPECTED_ACCENT, EXPECTED_LOGO, isAccent, isLogo } from '#pages/brand.ts'
import { nearestName } from '#shared/nearest-name.ts'
import { isLoopbackHost } from './redirect-uris.ts'

export interface MemberRule {
  readonly fits: (value: unknown) => boolean
  readonly expected: string
}

const MAX_NAME = 200
const TEXT: MemberRule = {
  fits: isText,
  expected: `a text of 1 to ${MAX_NAME} characters without control characters`,
}
const WEB_PAGE: MemberRule = { fits: isWebAddress, expected: 'an https URL, or http on loopback' }
const FLAG: MemberRule = { fits: (value) => typeof value === 'boolean', expected: 'true or false' }
/** The rule needs more than the value: see metadata.ts. */
const ELSEWHERE: MemberRule = { fits: () => true, expected: '' }

/** RFC 7591 §2, OpenID Connect Registration §2, RFC 9126 §6, RFC 9449 §5.2, and our own. */
const MEMBERS: ReadonlyMap<string, MemberRule> = new Map([
  ['redirect_uris', ELSEWHERE],
  ['post_logout_redirect_uris', ELSEWHERE],
  ['token_endpoint_auth_method', ELSEWHERE],
  ['token_endpoint_auth_signing_alg', ELSEWHERE],
  ['grant_types', ELSEWHERE],
  ['response_types', ELSEWHERE],
  ['response_modes', listOf('query', 'fragment', 'form_post')],
  ['application_type', ELSEWHERE],
  ['client_name', TEXT],
  ['client_uri', WEB_PAGE],
  ['logo_uri', WEB_PAGE],
  ['policy_uri', WEB_PAGE],
  ['tos_uri', WEB_PAGE],
  ['contacts', { fits: isContacts, expected: 'an array of at most 20 e-mail addresses' }],
  ['jwks', ELSEWHERE],
  ['jwks_uri', ELSEWHERE],
  ['software_id', TEXT],
  ['software_version', TEXT],
  ['scope', ELSEWHERE],
  ['subject_type', { fits: (value) => value === 'public', expected: 'public' }],
  ['id_token_signed_response_alg', ELSEWHERE],
  ['default_max_age', { fits: isSeconds, expected: 'a whole number of seconds, 0 or more' }],
  ['require_auth_time', FLAG],
  ['initiate_login_uri', { fits: isHttps, expected: 'an https URL' }],
  ['require_pushed_authorization_requests', FLAG],
  ['dpop_bound_access_tokens', FLAG],
  ['signet_pkce', { fits: (value) => value === 'required' || value === 'optional', expected: 'required or optional' }],
  [
    'signet_assertion_audience',
    { fits: (value) => value === 'issuer' || value === 'token_endpoint', expected: 'issuer or token_endpoint' },
  ],
  ['signet_accent', { fits: isAccent, expected: EXPECTED_ACCENT }],
  ['signet_logo', { fits: isLogo, expected: EXPECTED_LOGO }],
  ['signet_introspect', FLAG],
  ['signet_verified', FLAG],
  ['signet_origins', { fits: isOrigins, expected: 'an array of origins such as https://app.example.com' }],
])

/** What is meant where a member of ours is left out, and is not stored. */
export const USUAL = [
  ['signet_pkce', 'required'],
  ['signet_assertion_audience', 'issuer'],
  ['signet_introspect', false],
  ['signet_verified', true],
] as const

/** Members that the server itself makes. */
const MADE_BY_THE_SERVER = new Set([
  'client_id',
  'client_secret',
  'client_id_issued_at',
  'client_secret_expires_at',
  'registration_access_token',
  'registration_client_uri',
])

/** Standard members that this server does not offer: taking them silently would promise what does not happen. */
const NOT_OFFERED = new Set([
  'authorization_details_types',
  'authorization_encrypted_response_alg',
  'authorization_encrypted_response_enc',
  'authorization_signed_response_alg',
  'backchannel_authentication_request_signing_alg',
  'backchannel_client_notification_endpoint',
  'backchannel_logout_session_required',
  'backchannel_logout_uri',
  'backchannel_token_delivery_mode',
  'backchannel_user_code_parameter',
  'default_acr_values',
  'frontchannel_logout_session_required',
  'frontchannel_logout_uri',
  'id_token_encrypted_response_alg',
  'id_token_encrypted_response_enc',
  'introspection_encrypted_response_alg',
  'introspection_encrypted_response_enc',
  'introspection_signed_response_alg',
  'request_object_encryption_alg',
  'request_object_encryption_enc',
  'request_object_signing_alg',
  'request_uris',
  'require_signed_request_object',
  'sector_identifier_uri',
  'software_statement',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_email',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_uri',
  'tls_client_auth_subject_dn',
  'tls_client_certificate_bound_access_tokens',
  'use_mtls_endpoint_aliases',
  'userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc',
  'userinfo_signed_response_alg',
])

/** RFC 7591 §2.2: human-readable members may be given in several languages, as `client_name#ko`. */
const TRANSLATABLE = new Set(['client_name', 'client_uri', 'logo_uri', 'policy_uri', 'tos_uri'])

/** The rule of a member, or undefined when there is no such member. */
export function memberRule(name: string): MemberRule | undefined {
  const [, base = '', language] = /^([a-z_]+)#([A-Za-z0-9-]{2,35})$/.exec(name) ?? []
  return language !== undefined && TRANSLATABLE.has(base) ? MEMBERS.get(base) : MEMBERS.get(name)
}

/** Why a member without a rule is refused, and what was perhaps meant. */
export function unknownMember(name: string): string {
  if (MADE_BY_THE_SERVER.has(name)) return 'nothing here: the server makes it'
  if (NOT_OFFERED.has(name)) return 'nothing here: this server does not offer it'
  const near = nearestName(name, MEMBERS.keys())
  return near === undefined ? 'no such member; leave it out' : `no such member; did you mean ${near}?`
}

/** An https URL, or http on loopback, without user name and password. */
export function isWebAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 2000 || !/^[\x21-\x7E]+$/.test(value)) return false
  const url = URL.parse(value)
  if (!url || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}

function isHttps(value: unknown): boolean {
  return isWebAddress(value) && value.toLowerCase().startsWith('https:')
}

function isText(value: unknown): boolean {
  if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_NAME) return false
  // control and format characters could turn a name around on the consent page
  return value.isWellFormed() && !/[\p{Cc}\p{Bidi_Control}]/u.test(value)
}

function isContacts(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 20 && value.every(isContact)
}

function isContact(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= 254 &&
    /^[\x21-\x3F\x41-\x7E]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(value)
  )
}

function isOrigins(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length <= 100 && value.every((origin) => isWebAddress(origin) && isOrigin(origin))
  )
}

function isOrigin(value: string): boolean {
  return URL.parse(value)?.origin === value
}

function isSeconds(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 2 ** 31 - 1
}

function listOf(...values: string[]): MemberRule {
  return {
    fits: (given) => Array.isArray(given) && given.length > 0 && given.every((value) => values.includes(String(value))),
    expected: `an array of ${values.join(', ')}`,
  }
}
