/** The rules for client assertions (RFC 7523 §3, RFC 10070), each with a message for when it is broken. */
import type { Client } from '#clients/client.ts'
import { MAX_ASSERTION_LIFETIME, MAX_ASSERTION_LIFETIME_FAPI, PROFILES } from '#clients/profiles.ts'
import { isIdentifier, keyIdFault, type ReadJwt, repetitionFault, shown } from './jwt-rules.ts'

/** Seconds. */
const MAX_AHEAD = 60
/** A client's clock may be ahead, so that what it signed before a restore seems to be made after it. */
const RESTORE_MARGIN = MAX_AHEAD
const EXPIRY_TOLERANCE = 15
const TYPES = new Set(['jwt', 'client-authentication+jwt'])

export interface AssertionContext {
  readonly issuer: string
  readonly tokenEndpoint: string
  /** The URL of the requested endpoint, built from the issuer. */
  readonly endpoint: string
  /** Epoch seconds. */
  readonly now: number
  /** Epoch seconds of the last restore. Older assertions are refused: it is unknown whether they were used. */
  readonly restoredAt: number
}

interface RuleInput extends ReadJwt {
  readonly client: Client
  readonly context: AssertionContext
}

const RULES = [
  typeFault,
  algorithmFault,
  keyIdFault,
  repetitionFault,
  subjectFault,
  audienceFault,
  timeFault,
  identifierFault,
]

/**
 * Returns a sentence for `error_description` about the first broken rule, or undefined. Only show it after the
 * signature is verified: a caller without the client's key must not learn it.
 */
export function assertionFault(input: RuleInput): string | undefined {
  for (const rule of RULES) {
    const fault = rule(input)
    if (fault !== undefined) return `client assertion: ${fault}`
  }
  return undefined
}

/** RFC 8725 §3.11: another kind of JWT signed with the same key is not a client assertion. */
function typeFault({ header }: RuleInput): string | undefined {
  const { typ } = header
  if (typ === undefined || (typeof typ === 'string' && TYPES.has(typ.toLowerCase()))) return undefined
  return `typ is ${shown(typ)}; it must be absent, "JWT" or "client-authentication+jwt"`
}

/** FAPI 2.0 Security Profile §5.4.1: PS256, ES256 or EdDSA. */
function algorithmFault({ header, client }: RuleInput): string | undefined {
  if (PROFILES[client.profile].fapi === undefined || header['alg'] !== 'RS256') return undefined
  return 'alg is "RS256"; it must be PS256, ES256 or EdDSA'
}

/** RFC 7523 §3: iss and sub are the client_id. */
function subjectFault({ claims, client }: RuleInput): string | undefined {
  for (const name of ['iss', 'sub']) {
    if (claims[name] !== client.id) return `${name} is ${shown(claims[name])}; it must be the client_id`
  }
  return undefined
}

/**
 * RFC 10070: the issuer identifier is the only audience. Endpoint URLs are only for clients registered for them. An
 * array has exactly one element: a second one could be another server, which could replay the assertion
 * (CVE-2025-27370).
 */
function audienceFault({ claims, client, context }: RuleInput): string | undefined {
  const { issuer, tokenEndpoint, endpoint } = context
  const fapi = PROFILES[client.profile].fapi !== undefined
  // FAPI 2.0 Security Profile §5.3.2.1: a string, not an array
  const aud: unknown =
    !fapi && Array.isArray(claims['aud']) && claims['aud'].length === 1 ? claims['aud'][0] : claims['aud']
  if (aud === issuer) return undefined
  const isEndpoint = aud === tokenEndpoint || aud === endpoint
  const byEndpoint = !fapi && client.metadata['signet_assertion_audience'] === 'token_endpoint'
  if (byEndpoint && isEndpoint) return undefined
  const also = byEndpoint ? ` or the token endpoint ${tokenEndpoint}` : ''
  // the default of many libraries, which some cannot change
  const wayOut =
    isEndpoint && !fapi
      ? '; for a library that sends this, register the client with --assertion-audience token-endpoint'
      : ''
  return `aud is ${shown(claims['aud'])}; it must be the issuer ${issuer}${also}, as the only value${wayOut}`
}

function timeFault({ claims, client, context }: RuleInput): string | undefined {
  const { iat, exp, nbf } = claims
  // RFC 7523 §3: iat is optional
  if (typeof iat !== 'number' && (iat !== undefined || PROFILES[client.profile].fapi !== undefined)) {
    return 'iat is required: the time it was made, in seconds'
  }
  if (typeof exp !== 'number') return 'exp is required: the time it ends, in seconds'
  if (nbf !== undefined && typeof nbf !== 'number') return 'nbf must be a time in seconds'
  if (exp <= context.now - EXPIRY_TOLERANCE) {
    return `it expired ${Math.floor(context.now - exp)} s ago (exp); make a new one for each request`
  }
  for (const [name, time] of [
    ['iat', iat],
    ['nbf', nbf],
  ] as const) {
    if (time !== undefined && time > context.now + MAX_AHEAD) {
      return `${name} is ${Math.ceil(time - context.now)} s ahead of this server; at most ${MAX_AHEAD} s are allowed`
    }
  }
  const times = { iat, exp, nbf }
  return lifetimeFault(times, maxLifetime(client), context) ?? restoreFault(times, client, context)
}

interface Times {
  readonly iat: number | undefined
  readonly exp: number
  readonly nbf: number | undefined
}

function lifetimeFault({ iat, exp }: Times, most: number, { now }: AssertionContext): string | undefined {
  const lifetime = exp - (iat ?? now)
  if (lifetime <= most) return undefined
  const from = iat === undefined ? 'now' : 'iat'
  return `it lives ${Math.ceil(lifetime)} s from ${from} to exp; at most ${most} s are allowed`
}

/**
 * It is unknown which assertions were used before a restore. Without `iat`, one cannot have been accepted earlier than
 * its longest lifetime before `exp`.
 */
function restoreFault({ iat, exp, nbf }: Times, client: Client, { restoredAt }: AssertionContext): string | undefined {
  // a shorter lifetime that was registered after the restore says nothing about what was accepted before
  const isEarlier = client.updatedAt.getTime() / 1000 < restoredAt
  const most = isEarlier ? maxLifetime(client) : profileLifetime(client)
  const madeAt = Math.max(iat ?? -Infinity, nbf ?? -Infinity, exp - most)
  if (madeAt > restoredAt + RESTORE_MARGIN) return undefined
  return iat === undefined
    ? 'it may have been made before this server was restored; make a new one, with iat'
    : 'it was made before this server was restored, or within a minute after (iat); make a new one'
}

/** The longest lifetime in seconds that the client may give an assertion. */
function maxLifetime(client: Client): number {
  const registered = client.metadata['signet_assertion_max_lifetime']
  const most = profileLifetime(client)
  return typeof registered === 'number' ? Math.min(registered, most) : most
}

function profileLifetime({ profile }: Client): number {
  return PROFILES[profile].fapi === undefined ? MAX_ASSERTION_LIFETIME : MAX_ASSERTION_LIFETIME_FAPI
}

function identifierFault({ claims }: RuleInput): string | undefined {
  const { jti } = claims
  if (isIdentifier(jti)) return undefined
  return 'jti is required: a text of 1 to 512 characters, new for each assertion'
}

export const ASSERTION_REUSED = 'client assertion: it was used before; each request needs a new one with its own jti'
