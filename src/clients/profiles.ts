/** The profiles: what each kind of client may be, and what is safe for it by default. One entry a profile. */
import type { Client, Profile } from './client.ts'

export const GRANT = {
  code: 'authorization_code',
  refresh: 'refresh_token',
  machine: 'client_credentials',
  device: 'urn:ietf:params:oauth:grant-type:device_code',
} as const

/** Scopes of OpenID Connect Core §5.4 and §11. */
export const OPENID_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'] as const
const PERSON_SCOPES = ['openid', 'profile', 'email', 'offline_access'] as const

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post'] as const
const CONFIDENTIAL_METHODS = ['private_key_jwt', ...SECRET_METHODS] as const
/** Algorithms of client assertions (RFC 7523) that any profile may use. */
export const ASSERTION_ALGS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
const ID_TOKEN_ALGS = ['RS256', 'ES256'] as const

/** What this server has that clients may be registered for; what needs something else is refused. */
export interface Offers {
  readonly dpop: boolean
  /** The profiles that may have each grant type: those that a client has by default, and those that may be added. */
  readonly grants: readonly { readonly grantType: string; readonly profiles: readonly Profile[] }[]
}

export interface ProfileRules {
  readonly needsDpop?: true

  /** Grant types it always has, and those it has unless told otherwise. */
  readonly grantTypes: {
    readonly required: readonly string[]
    readonly usual: readonly string[]
  }
  /** Authentication methods at the token endpoint, the default first. */
  readonly authMethods: readonly [string, ...string[]]
  /** Algorithms of client assertions. */
  readonly assertionAlgs: readonly string[]
  /** Algorithms of ID tokens, the default first. */
  readonly idTokenAlgs: readonly [string, ...string[]]
  /** OpenID scopes unless told otherwise; none: it may have none. */
  readonly openidScopes: readonly string[]
  readonly applicationType: 'web' | 'native'
  /** Whether `signet_pkce: "optional"` may be registered for a confidential client. */
  readonly pkceMayBeOptional: boolean
  /** Whether browsers may call the token endpoint from its origins. */
  readonly hasOrigins: boolean
  /** Members with one value only. */
  readonly fixed: Readonly<Record<string, unknown>>
}

const PERSON = {
  grantTypes: { required: [GRANT.code], usual: [GRANT.code, GRANT.refresh] },
  assertionAlgs: ASSERTION_ALGS,
  idTokenAlgs: ID_TOKEN_ALGS,
  openidScopes: PERSON_SCOPES,
  applicationType: 'web',
  pkceMayBeOptional: false,
  hasOrigins: false,
  fixed: {},
} as const

export const PROFILES: Readonly<Record<Profile, ProfileRules>> = {
  web: {
    ...PERSON,
    authMethods: CONFIDENTIAL_METHODS,
    pkceMayBeOptional: true,
  },
  spa: { ...PERSON, authMethods: ['none'], hasOrigins: true },
  native: {
    ...PERSON,
    authMethods: ['none'],
    applicationType: 'native',
  },
  machine: {
    ...PERSON,
    authMethods: CONFIDENTIAL_METHODS,
    grantTypes: { required: [GRANT.machine], usual: [GRANT.machine] },
    openidScopes: [],
  },
  device: {
    ...PERSON,
    authMethods: ['none', ...CONFIDENTIAL_METHODS],
    grantTypes: { required: [GRANT.device], usual: [GRANT.device, GRANT.refresh] },
  },
  fapi2: {
    ...PERSON,
    needsDpop: true,
    authMethods: ['private_key_jwt'],
    // FAPI 2.0 Security Profile §5.4.1: PS256, ES256 or EdDSA
    assertionAlgs: ['PS256', 'ES256', 'EdDSA'],
    idTokenAlgs: ['ES256'],
    // FAPI 2.0 Security Profile §5.3.2.1 and §5.3.2.2: sender-constrained tokens, pushed requests
    fixed: { require_pushed_authorization_requests: true, dpop_bound_access_tokens: true },
  },
}

/** The grant types that a client of the profile may have here. */
export function offeredGrantTypes(profile: Profile, { grants }: Offers): string[] {
  return grants.flatMap(({ grantType, profiles }) => (profiles.includes(profile) ? [grantType] : []))
}

/** Whether this server has what every client of the profile needs. */
export function isOffered(profile: Profile, offers: Offers): boolean {
  const { needsDpop, grantTypes } = PROFILES[profile]
  const offered = offeredGrantTypes(profile, offers)
  return (!needsDpop || offers.dpop) && grantTypes.required.every((type) => offered.includes(type))
}

export function isProfile(value: unknown): value is Profile {
  return typeof value === 'string' && Object.hasOwn(PROFILES, value)
}

/** The grant types that a client of the profile has when none are given. */
export function usualGrantTypes(profile: Profile): readonly string[] {
  return PROFILES[profile].grantTypes.usual
}

export function isPublic(client: Pick<Client, 'metadata'>): boolean {
  return client.metadata.token_endpoint_auth_method === 'none'
}

export function usesSecret(metadata: Client['metadata']): boolean {
  return SECRET_METHODS.some((method) => method === metadata.token_endpoint_auth_method)
}
