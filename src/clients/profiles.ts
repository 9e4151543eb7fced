/** The client profiles, one row each: what a kind of client may do, and its safe defaults. */
import type { AuthMethod } from './auth-methods.ts'

export const GRANT = {
  code: 'authorization_code',
  refresh: 'refresh_token',
  machine: 'client_credentials',
  device: 'urn:ietf:params:oauth:grant-type:device_code',
  ciba: 'urn:openid:params:grant-type:ciba',
} as const

/** The scopes of OpenID Connect Core §5.4 and §11. */
export const OPENID_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'] as const
const PERSON_SCOPES = ['openid', 'profile', 'email', 'offline_access'] as const

const CERTIFICATE_METHODS = ['tls_client_auth', 'self_signed_tls_client_auth'] as const
const CONFIDENTIAL_METHODS = [
  'private_key_jwt',
  'client_secret_basic',
  'client_secret_post',
  ...CERTIFICATE_METHODS,
] as const
/** Algorithms of client assertions (RFC 7523) that any profile may use. */
export const ASSERTION_ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
/** The longest lifetime of a client assertion in seconds, and that of a client with a FAPI profile. */
export const MAX_ASSERTION_LIFETIME = 3600
export const MAX_ASSERTION_LIFETIME_FAPI = 300
/** Algorithms that this server signs its answers to clients with: ID tokens, authorization and introspection answers. */
export const RESPONSE_ALGS = ['RS256', 'ES256', 'PS256'] as const
const ID_TOKEN_ALGS = ['RS256', 'ES256'] as const

/** The optional features of this server. Metadata that needs a missing feature is refused. */
export interface Offers {
  readonly dpop: boolean
  /** Whether client certificates reach this server. */
  readonly mtls: boolean
  /** Whether it can tell which of them a known authority has issued. */
  readonly authorities: boolean
  /** Each grant type with the profiles that have it by default or may add it. */
  readonly grants: readonly { readonly grantType: string; readonly profiles: readonly Profile[] }[]
}

/** A value of `signet_id_token_claims`. `minimal`: only claims of the protocol; the others are at `/userinfo`. */
export type IdTokenClaims = 'all' | 'minimal'

export interface ProfileRow {
  /** What kind of client it is, for the reference. */
  readonly meaning: string
  /** The metadata that it fixes, in words, for the reference. */
  readonly summary: string
  /** Refused unless the server offers DPoP. */
  readonly needsDpop?: true
  /**
   * `required`: grant types that it always has. `default`: those it has when none are given. The rows of grants define
   * others.
   */
  readonly grantTypes: {
    readonly required: readonly string[]
    readonly default: readonly string[]
  }
  /** Authentication methods at the token endpoint, the default first. */
  readonly authMethods: readonly [AuthMethod, ...AuthMethod[]]
  /** Algorithms of client assertions. */
  readonly assertionAlgs: readonly string[]
  /** Whether its tokens are always bound, to a DPoP key unless to a certificate (FAPI 2.0 Security Profile §5.3.2.1). */
  readonly bindsTokens?: true
  /** The FAPI security profile whose rules its requests and assertions must keep. */
  readonly fapi?: '2.0'
  /** Algorithms of ID tokens, the default first. */
  readonly idTokenAlgs: readonly [string, ...string[]]
  /** The default of `signet_id_token_claims` when an administrator registers the client. */
  readonly idTokenClaims: IdTokenClaims
  /** OpenID scopes when none are given. Empty if the profile may have none. */
  readonly openidScopes: readonly string[]
  /** Whether `signet_pkce: "optional"` may be registered for a confidential client. */
  readonly pkceMayBeOptional: boolean
  /** Whether browsers may call the token endpoint from its origins. */
  readonly hasOrigins: boolean
  /** Metadata members with a fixed value. */
  readonly fixed: Readonly<Record<string, unknown>> & { readonly application_type: 'web' | 'native' }
}

const PERSON = {
  grantTypes: { required: [GRANT.code], default: [GRANT.code, GRANT.refresh] },
  assertionAlgs: ASSERTION_ALGS,
  idTokenAlgs: ID_TOKEN_ALGS,
  idTokenClaims: 'all',
  openidScopes: PERSON_SCOPES,
  pkceMayBeOptional: false,
  hasOrigins: false,
  fixed: { application_type: 'web' },
} as const

const ROWS = {
  web: {
    ...PERSON,
    meaning: 'server-side app',
    summary: 'code + PKCE S256, refresh; `private_key_jwt` (default), a certificate or a client secret',
    authMethods: CONFIDENTIAL_METHODS,
    pkceMayBeOptional: true,
  },
  spa: {
    ...PERSON,
    meaning: 'browser app',
    summary: 'public, code + PKCE, rotating refresh tokens, CORS for its origins',
    authMethods: ['none'],
    hasOrigins: true,
  },
  native: {
    ...PERSON,
    meaning: 'desktop, mobile, command line',
    summary:
      'public, code + PKCE; loopback (any port), claimed-https or private-scheme redirects; all but claimed https need a click each time',
    authMethods: ['none'],
    fixed: { application_type: 'native' },
  },
  machine: {
    ...PERSON,
    meaning: 'a service',
    summary:
      '`client_credentials` only; `private_key_jwt` (default), a certificate, or a secret when asked for by name',
    authMethods: CONFIDENTIAL_METHODS,
    grantTypes: { required: [GRANT.machine], default: [GRANT.machine] },
    openidScopes: [],
  },
  device: {
    ...PERSON,
    meaning: 'no browser of its own',
    summary: 'public, device grant (RFC 8628), refresh; no redirect URIs. A key or secret when asked for by name',
    authMethods: ['none', ...CONFIDENTIAL_METHODS],
    grantTypes: { required: [GRANT.device], default: [GRANT.device, GRANT.refresh] },
  },
  fapi2: {
    ...PERSON,
    meaning: 'high-value API',
    summary:
      'FAPI 2.0: PAR, `private_key_jwt` (default) or a certificate, tokens bound by DPoP (default) or to a certificate, no refresh rotation',
    needsDpop: true,
    fapi: '2.0',
    // FAPI 2.0 Security Profile §5.3.2.1: no secrets
    authMethods: ['private_key_jwt', ...CERTIFICATE_METHODS],
    // FAPI 2.0 Security Profile §5.4.1: PS256, ES256 or EdDSA
    assertionAlgs: ['PS256', 'ES256', 'EdDSA'],
    idTokenAlgs: ['ES256', 'PS256'],
    idTokenClaims: 'minimal',
    bindsTokens: true,
    // FAPI 2.0 Security Profile §5.3.2.2
    fixed: { ...PERSON.fixed, require_pushed_authorization_requests: true },
  },
} as const satisfies Readonly<Record<string, ProfileRow>>

/** A value of `signet_profile`. */
export type Profile = keyof typeof ROWS

/** The rows by name, in the order of the reference. */
export const PROFILES: Readonly<Record<Profile, ProfileRow>> = ROWS

/** Returns the grant types that a client of the profile may have on this server. */
export function offeredGrantTypes(profile: Profile, { grants }: Offers): string[] {
  return grants.flatMap(({ grantType, profiles }) => (profiles.includes(profile) ? [grantType] : []))
}

/** Whether this server offers everything that a client of the profile needs. */
export function isOffered(profile: Profile, offers: Offers): boolean {
  const { needsDpop, grantTypes } = PROFILES[profile]
  const offered = offeredGrantTypes(profile, offers)
  return (!needsDpop || offers.dpop) && grantTypes.required.every((type) => offered.includes(type))
}

export function isProfile(value: unknown): value is Profile {
  return typeof value === 'string' && Object.hasOwn(PROFILES, value)
}

/** Returns the grant types that a client of the profile has when none are given. */
export function defaultGrantTypes(profile: Profile): readonly string[] {
  return PROFILES[profile].grantTypes.default
}
