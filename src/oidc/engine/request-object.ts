/** The rules for request objects (RFC 9101, FAPI 2.0 Message Signing §5.3.1), each with a message for when it is broken. */
import type { Client } from '#clients/client.ts'
import { presentKeys } from '#clients/client-keys.ts'
import { ASSERTION_ALGS, PROFILES } from '#clients/profiles.ts'
import { type Claims, isIdentifier, keyIdFault, type ReadJwt, repetitionFault, shown } from './jwt-rules.ts'

/** Seconds. */
const CLOCK_TOLERANCE = 15
const HOUR = 3600
const TYPES = new Set(['jwt', 'oauth-authz-req+jwt'])

export interface RequestObjectContext {
  readonly issuer: string
  /** Epoch seconds. */
  readonly now: number
  /** Epoch seconds of the last restore. Older objects are refused: it is unknown whether they were used. */
  readonly restoredAt: number
  /** Whether it is a signed authentication request of CIBA. */
  readonly isBackchannel: boolean
}

interface RuleInput extends ReadJwt {
  readonly client: Client
  readonly context: RequestObjectContext
}

const RULES = [
  typeFault,
  algorithmFault,
  keyFault,
  keyIdFault,
  repetitionFault,
  issuerFault,
  audienceFault,
  timeFault,
  backchannelFault,
  identifierFault,
]

/**
 * Returns a sentence for `error_description` about the first broken rule, or undefined. Nothing in it is secret: the
 * issuer and the client's id are what anybody knows who sends a request.
 */
export function requestObjectFault(input: RuleInput): string | undefined {
  for (const rule of RULES) {
    const fault = rule(input)
    if (fault !== undefined) return `request object: ${fault}`
  }
  return undefined
}

/** RFC 9101 §10.8, RFC 8725 §3.11: another kind of JWT signed with the same key is not a request object. */
function typeFault({ header }: RuleInput): string | undefined {
  const { typ } = header
  if (typ === undefined || (typeof typ === 'string' && TYPES.has(typ.toLowerCase()))) return undefined
  return `typ is ${shown(typ)}; it must be "oauth-authz-req+jwt", "JWT" or absent`
}

/** RFC 9101 §10.1: signed, never `none`. FAPI 2.0 Security Profile §5.4.1: not RS256. */
function algorithmFault({ header, client, context }: RuleInput): string | undefined {
  const member = context.isBackchannel ? 'backchannel_authentication_request_signing_alg' : 'request_object_signing_alg'
  const registered = client.metadata[member]
  const allowed = typeof registered === 'string' ? [registered] : signingAlgs(client)
  return allowed.some((alg) => alg === header['alg'])
    ? undefined
    : `alg is ${shown(header['alg'])}; it must be ${allowed.join(' or ')}`
}

function signingAlgs({ profile }: Client): readonly string[] {
  return ASSERTION_ALGS.filter((alg) => PROFILES[profile].assertionAlgs.includes(alg))
}

function keyFault({ client }: RuleInput): string | undefined {
  const { jwks_uri: address } = client.metadata
  if (address !== undefined || presentKeys(client).length > 0) return undefined
  return 'the client has no keys that could have signed it: register them as jwks or jwks_uri'
}

/** RFC 9101 §4 and §10.8: the issuer is the client, and `sub` is not, which only an assertion has. */
function issuerFault({ claims, client }: RuleInput): string | undefined {
  if (claims['iss'] !== client.id) return `iss is ${shown(claims['iss'])}; it must be the client_id`
  if (claims['sub'] !== client.id) return undefined
  return 'sub is the client_id, as in a client assertion; leave it out'
}

/** RFC 9101 §4: the issuer of this server, or an array that includes it. */
function audienceFault({ claims, context: { issuer } }: RuleInput): string | undefined {
  const { aud } = claims
  if (aud === issuer || (Array.isArray(aud) && aud.includes(issuer))) return undefined
  return `aud is ${shown(aud)}; it must be the issuer ${issuer}`
}

function timeFault({ claims, client, context }: RuleInput): string | undefined {
  const { exp, nbf, iat } = claims
  for (const [name, time] of Object.entries({ exp, nbf, iat })) {
    if (time !== undefined && typeof time !== 'number') return `${name} is ${shown(time)}; it must be a time in seconds`
  }
  const times = { exp, nbf, iat } as Times
  const { now } = context
  if (times.exp !== undefined && times.exp <= now - CLOCK_TOLERANCE) {
    return `it expired ${Math.floor(now - times.exp)} s ago (exp); make a new one for each request`
  }
  if (times.nbf !== undefined && times.nbf > now + CLOCK_TOLERANCE) {
    return `nbf is ${Math.ceil(times.nbf - now)} s ahead of this server`
  }
  return PROFILES[client.profile].fapi === undefined ? undefined : fapiTimeFault(times, now)
}

interface Times {
  readonly exp?: number
  readonly nbf?: number
  readonly iat?: number
}

/** FAPI 2.0 Message Signing §5.3.1: `nbf` at most an hour ago, `exp` at most an hour after it. */
function fapiTimeFault({ exp, nbf }: Times, now: number): string | undefined {
  if (exp === undefined) return 'exp is required: the time it ends, in seconds'
  if (nbf === undefined) return 'nbf is required: the time from which it counts, in seconds'
  if (nbf < now - HOUR) return `nbf is ${Math.floor(now - nbf)} s ago; at most ${HOUR} s are allowed`
  return exp - nbf > HOUR ? `it lives ${exp - nbf} s from nbf to exp; at most ${HOUR} s are allowed` : undefined
}

/** CIBA Core 1.0 §7.1.1: such a request always ends, and is used once. */
function backchannelFault({ claims, context }: RuleInput): string | undefined {
  const missing = context.isBackchannel && ['exp', 'iat', 'nbf', 'jti'].find((name) => claims[name] === undefined)
  return typeof missing === 'string' ? `${missing} is required in an authentication request` : undefined
}

/** One with a `jti` is used once, so it must end: its `jti` is remembered until then. */
function identifierFault({ claims, context }: RuleInput): string | undefined {
  const { jti } = claims
  if (jti === undefined) return undefined
  if (!isIdentifier(jti)) return `jti is ${shown(jti)}; it must be a text of 1 to 512 characters, or absent`
  const { exp } = claims as Times
  if (exp === undefined) return 'exp is required with jti: the time it ends, in seconds'
  const { now, restoredAt } = context
  if (exp - now > HOUR + CLOCK_TOLERANCE) {
    return `it ends ${Math.ceil(exp - now)} s from now (exp); with jti at most ${HOUR} s are allowed`
  }
  return madeAt(claims) > restoredAt
    ? undefined
    : 'it may have been made before this server was restored; make a new one'
}

function madeAt({ iat, nbf, exp }: Claims): number {
  const { iat: made = -Infinity, nbf: from = -Infinity, exp: end = 0 } = { iat, nbf, exp } as Times
  return Math.max(made, from, end - HOUR)
}

export const REQUEST_OBJECT_REUSED = 'request object: it was used before; each request needs a new one with its own jti'
