/** Turns what a client registers (RFC 7591 §2, OpenID Connect Registration §2) into the input of our own registration. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { usesSecret } from '../auth-methods.ts'
import type { Client, ClientInput } from '../client.ts'
import { ClientMetadataError } from '../errors.ts'
import { ID_TOKEN_CLAIMS } from '../id-token-claims.ts'
import { inferredProfile } from '../inferred-profile.ts'
import { CHOICES, memberOf, OWN_MEMBERS } from '../members/registry.ts'
import {
  defaultGrantTypes,
  GRANT,
  isOffered,
  offeredGrantTypes,
  type Offers,
  OPENID_SCOPES,
  type Profile,
  PROFILES,
} from '../profiles.ts'
import type { RegistrationPolicy } from './policy.ts'
import type { Metadata } from './registration.ts'

/** Members of our own that a client may choose. The others are an administrator's. */
const OWN_CHOICE: readonly string[] = [
  ID_TOKEN_CLAIMS,
  'signet_assertion_audience',
  'signet_assertion_max_lifetime',
  'signet_origins',
]

const METHOD_CHOICES = 'token_endpoint_auth_methods_supported'

/** What a client without the code grant has no use for; many send it all the same. */
const WITHOUT_BROWSER = { redirect_uris: null, post_logout_redirect_uris: null, response_types: null }

/** Whether only an administrator sets the member. */
function isAdministrators(name: string): boolean {
  return OWN_MEMBERS.includes(name) && !OWN_CHOICE.includes(name)
}

/** Returns the members that a client is told about itself (RFC 7591 §3.2.1). */
export function toldMembers(metadata: Metadata): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !isAdministrators(name)))
}

export interface InferenceRules {
  readonly policy: RegistrationPolicy
  readonly offers: Offers
  /** The client that is changed; its profile stays. */
  readonly before?: Client | undefined
}

/**
 * Returns the input for what a client sent. Members that we do not know or offer are ignored (RFC 7591 §2). Throws
 * ClientMetadataError for what only an administrator may set and for a profile that the policy does not allow.
 */
export function registrationInput(sent: Metadata, rules: InferenceRules): Omit<ClientInput, 'id'> {
  const { policy, before } = rules
  const faults: Fault[] = []
  const known = knownMembers({ ...sent, ...policy.fixed }, before, faults)
  const profile = before?.profile ?? inferProfile(known, rules, faults)
  if (faults.length > 0) throw new ClientMetadataError(faults)
  const metadata = {
    ...(before ? removals(before) : {}),
    ...audienceOf(known, policy),
    ...known,
    ...methodOf(known, profile),
    ...grantsOf(known, profile, rules),
    ...(PROFILES[profile].grantTypes.required.includes(GRANT.code) ? {} : WITHOUT_BROWSER),
  }
  return {
    profile,
    metadata: {
      ...metadata,
      ...scopeOf(metadata, profile, policy),
      ...(before ? {} : pkceOf(metadata, profile, policy)),
    },
    // an administrator may have changed what it may ask for
    ...(before ? {} : { allowances: policy.allow }),
  }
}

function knownMembers(sent: Metadata, before: Client | undefined, faults: Fault[]): Record<string, unknown> {
  const known: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(sent)) {
    if (value === null || !(memberOf(name) || CHOICES.has(name))) continue
    if (!isAdministrators(name)) known[name] = value
    else if (JSON.stringify(value) !== JSON.stringify(before?.metadata[name])) {
      faults.push({ field: name, given: shown(value), expected: 'nothing here: only an administrator sets it' })
    }
  }
  return known
}

/** RFC 7592 §2.2: what a client does not send any more is removed. */
function removals({ metadata }: Client): Record<string, null> {
  return Object.fromEntries(Object.keys(toldMembers(metadata)).map((name) => [name, null]))
}

function inferProfile(known: Metadata, { policy, offers }: InferenceRules, faults: Fault[]): Profile {
  const inferred = likelyProfile(known)
  // the other profile of a confidential app with a browser
  const profile = inferred === 'web' && !policy.profiles.includes('web') ? 'fapi2' : inferred
  if (policy.profiles.includes(profile) && isOffered(profile, offers)) return profile
  const allowed = policy.profiles.filter((name) => isOffered(name, offers))
  const expected = `metadata of one of the kinds ${allowed.map((name) => `${name} (${PROFILES[name].meaning})`).join(', ')}`
  faults.push({ field: 'grant_types', given: `metadata of the kind ${inferred}`, expected })
  return inferred
}

function likelyProfile(known: Metadata): Profile {
  const { grant_types: grants } = known
  if (Array.isArray(grants) && !grants.includes(GRANT.code)) {
    if (grants.includes(GRANT.device)) return 'device'
    if (grants.includes(GRANT.machine)) return 'machine'
  }
  return inferredProfile(known, methodAsked(known))
}

/** Returns the method that the client asks for, or the only one that it can (RP Metadata Choices 1.0 §2). */
function methodAsked({ token_endpoint_auth_method: method, [METHOD_CHOICES]: choices }: Metadata): unknown {
  return method ?? (Array.isArray(choices) && choices.length === 1 ? choices[0] : undefined)
}

/**
 * RFC 7591 §2: the default is client_secret_basic. A native app is public whatever it asks for, since a secret on a device
 * is none (RFC 8252 §8.5); §3.2.1 of RFC 7591 lets the server replace what was asked.
 */
function methodOf(known: Metadata, profile: Profile): Metadata {
  const method = methodAsked(known)
  if (profile === 'native' && (method === undefined || usesSecret({ token_endpoint_auth_method: method }))) {
    return { token_endpoint_auth_method: 'none' }
  }
  // a choice is made where the member is checked
  if (method !== undefined || known[METHOD_CHOICES] !== undefined) return {}
  const { authMethods } = PROFILES[profile]
  const fallback = authMethods.includes('client_secret_basic') ? 'client_secret_basic' : authMethods[0]
  return { token_endpoint_auth_method: fallback }
}

/**
 * Leaves out the grant types that a client of this kind cannot have, and response types beside `code`: many clients send
 * all that they know. What is left must be enough, or the rules of the members refuse it.
 */
function grantsOf({ grant_types: grants, response_types: types }: Metadata, profile: Profile, rules: InferenceRules) {
  const { policy, offers } = rules
  const allowed = [...defaultGrantTypes(profile), ...offeredGrantTypes(profile, offers)]
  const kept = Array.isArray(grants)
    ? grants.filter((type) => allowed.includes(String(type)) && !policy.withoutGrants.includes(String(type)))
    : []
  return {
    ...(kept.length > 0 ? { grant_types: kept } : {}),
    ...(Array.isArray(types) && types.includes('code') ? { response_types: ['code'] } : {}),
  }
}

/** The audience of assertions, for a client that sends some and does not choose it. */
function audienceOf(known: Metadata, { assertion_audience: audience }: RegistrationPolicy): Metadata {
  return audience !== undefined && methodAsked(known) === 'private_key_jwt'
    ? { signet_assertion_audience: audience }
    : {}
}

/** What an administrator may grant to confidential web clients only. */
function pkceOf(metadata: Metadata, profile: Profile, { pkce }: RegistrationPolicy): Metadata {
  const isConfidential = PROFILES[profile].pkceMayBeOptional && methodAsked(metadata) !== 'none'
  return pkce === 'optional' && isConfidential ? { signet_pkce: pkce } : {}
}

/**
 * Returns the OpenID scopes to register: those named, or all that the policy allows when none is named. Scopes of an API
 * are decided by the policy and by the resource. `offline_access` comes with the grant, since many clients ask for it only
 * once they have read the discovery document.
 */
function scopeOf({ scope, grant_types: grants }: Metadata, profile: Profile, policy: RegistrationPolicy): Metadata {
  const defaults = PROFILES[profile].openidScopes
  if (defaults.length === 0) return { scope: null }
  const asked = typeof scope === 'string' ? scope.split(' ') : undefined
  const named = OPENID_SCOPES.filter((name) => asked?.includes(name))
  const refreshes = Array.isArray(grants) ? grants.includes(GRANT.refresh) : true
  const wanted = named.length === 0 ? defaults : [...named, 'offline_access']
  const scopes = wanted.filter((name) => policy.scopes.includes(name) && (refreshes || name !== 'offline_access'))
  return { scope: [...new Set(scopes)].join(' ') }
}
