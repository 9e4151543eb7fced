/** Verifies an access token (RFC 9068 §4): signature, type, issuer, audience, times and required claims. */
import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { IssuerUnavailable } from './bounded-fetch.ts'
import { invalidToken, type RefusalContext, unavailable } from './refusal.ts'

/** The claims of a valid access token. */
export interface AccessTokenClaims extends JWTPayload {
  readonly iss: string
  /** The subject: the account, or the client for a machine's token. */
  readonly sub: string
  readonly aud: string | string[]
  /** Seconds since 1970, as in `iat` and `auth_time`. */
  readonly exp: number
  readonly iat: number
  readonly jti: string
  readonly client_id: string
  /** Space-separated. */
  readonly scope?: string
  /** When, how and how strongly the person signed in; absent from a machine's token. */
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: string[]
}

export interface ClaimsRules {
  readonly issuer: string
  readonly audience: string
  /** `JWT` also accepts `at+jwt`. */
  readonly typ: 'at+jwt' | 'JWT'
  readonly algorithms: readonly string[]
  readonly clockToleranceSeconds: number
  readonly getKey: JWTVerifyGetKey
  now(): Date
}

const TIME_CLAIM_FAULTS: Record<string, string> = {
  exp: 'The access token has no valid expiry (exp).',
  nbf: 'The access token is not valid yet (nbf).',
  iat: 'The access token has no valid time of issue (iat).',
}

/**
 * Returns the claims of a valid token. Throws AccessTokenRefused: 401 `invalid_token`, or 503 when the issuer's keys
 * are unavailable.
 */
export async function verifiedClaims(
  token: string,
  rules: ClaimsRules,
  context: RefusalContext,
): Promise<AccessTokenClaims> {
  const currentDate = rules.now()
  let payload: JWTPayload
  try {
    const verified = await jwtVerify(token, rules.getKey, {
      // RFC 9068 §4: "at+jwt" or "application/at+jwt"; an ID token must not pass.
      typ: rules.typ === 'JWT' && isPlainJwt(token) ? 'JWT' : 'at+jwt',
      algorithms: [...rules.algorithms],
      issuer: rules.issuer,
      audience: rules.audience,
      clockTolerance: rules.clockToleranceSeconds,
      currentDate,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id'],
    })
    payload = verified.payload
  } catch (cause) {
    if (cause instanceof IssuerUnavailable) {
      return unavailable(context, 'The keys of the token issuer cannot be read at the moment.', cause)
    }
    if (!(cause instanceof errors.JOSEError)) throw cause
    return invalidToken(context, describe(cause, rules), cause)
  }
  const fault = claimsFault(payload, rules, currentDate)
  return fault === undefined ? (payload as AccessTokenClaims) : invalidToken(context, fault)
}

/**
 * Checks what jose does not: the types of claims, a single audience, and an `iat` and an `auth_time` that are not in
 * the future. Returns the error description, or undefined.
 */
export function claimsFault(payload: JWTPayload, rules: ClaimsRules, currentDate: Date): string | undefined {
  for (const name of ['sub', 'jti', 'client_id']) {
    if (typeof payload[name] !== 'string' || payload[name] === '') {
      return `The access token has no valid ${name}.`
    }
  }
  if (Array.isArray(payload.aud) && payload.aud.length > 1) {
    return `The access token is for several audiences; this API accepts tokens for ${rules.audience} alone.`
  }
  const now = Math.floor(currentDate.getTime() / 1000)
  if ((payload.iat as number) > now + rules.clockToleranceSeconds) return 'The access token was issued in the future.'
  if (payload['scope'] !== undefined && typeof payload['scope'] !== 'string') {
    return 'The access token has no valid scope.'
  }
  if (payload['acr'] !== undefined && typeof payload['acr'] !== 'string') return 'The access token has no valid acr.'
  const signIn = payload['auth_time']
  if (signIn !== undefined && !Number.isFinite(signIn)) {
    return 'The access token has no valid auth_time.'
  }
  // A sign-in in the future would never be too old (RFC 9470 §5).
  if ((signIn as number) > now + rules.clockToleranceSeconds) {
    return 'The access token says that the sign-in is in the future (auth_time).'
  }
  return undefined
}

/** Returns whether the header has the type `JWT`; false if it cannot be read. */
function isPlainJwt(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === 'JWT'
  } catch {
    return false
  }
}

function describe(cause: Error, rules: ClaimsRules): string {
  if (cause instanceof errors.JWTExpired) return 'The access token has expired.'
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.reason === 'missing') return `The access token has no ${cause.claim}.`
    if (cause.claim === 'typ') {
      return `The token is not an access token: its typ must be ${rules.typ === 'JWT' ? 'at+jwt or JWT' : 'at+jwt'}.`
    }
    if (cause.claim === 'iss') return `The access token was not issued by ${rules.issuer}.`
    if (cause.claim === 'aud') return `The access token is not for ${rules.audience}.`
    return TIME_CLAIM_FAULTS[cause.claim] ?? 'A claim of the access token is not valid.'
  }
  if (cause instanceof errors.JOSEAlgNotAllowed) {
    return `The access token is signed by an algorithm that is not allowed; allowed are ${rules.algorithms.join(', ')}.`
  }
  if (cause instanceof errors.JWKSNoMatchingKey)
    return 'The access token is signed by a key the issuer does not publish.'
  if (cause instanceof errors.JWKSMultipleMatchingKeys)
    return 'The access token does not say which key signed it (kid).'
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the access token is not valid.'
  return 'The access token is not a well-formed JWT.'
}
