/** Verifies a DPoP proof (RFC 9449 §4.3, §7.1): its sender holds the key, and made it for this request just now. */
import { hash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, jwtVerify, type JWTVerifyResult } from 'jose'
import { headerValues, type RequestLike, targetPath } from '../credentials.ts'
import { refuse, type RefusalContext } from '../refusal.ts'
import { normalizedUrl, requestUrl } from './htu.ts'
import type { Nonces } from './nonces.ts'

export interface ProofRules {
  readonly algorithms: readonly string[]
  readonly baseUrl: string
  readonly maxAgeSeconds: number
  readonly clockToleranceSeconds: number
  /** Undefined: proofs need no nonce. */
  readonly nonces: Nonces | undefined
  now(): Date
}

export interface Proof {
  /** The thumbprint of the key (RFC 7638). */
  readonly jkt: string
  readonly jti: string
  /** Until when the same proof would be accepted again. */
  readonly acceptedUntil: Date
}

const MAX_PROOF_LENGTH = 8192
/** FAPI 2.0 Security Profile §5.3.2.1: JWTs of clients whose clock is up to 10 seconds fast are accepted. */
const LEAST_AHEAD_SECONDS = 10

/**
 * Returns the verified proof of a request with `token`. Throws AccessTokenRefused: 401 `invalid_dpop_proof`, or 401
 * `use_dpop_nonce` with a new nonce.
 */
export async function verifiedProof(
  request: RequestLike,
  token: string,
  rules: ProofRules,
  context: RefusalContext,
): Promise<Proof> {
  const [proof, ...more] = headerValues(request, 'dpop')
  if (proof === undefined || more.length > 0) {
    return invalidProof(context, 'The request needs exactly one DPoP header.')
  }
  if (proof.length > MAX_PROOF_LENGTH) return invalidProof(context, 'The DPoP proof is too long.')
  let verified: JWTVerifyResult
  let jkt: string
  try {
    verified = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...rules.algorithms],
      clockTolerance: aheadSeconds(rules),
      currentDate: rules.now(),
    })
    jkt = await calculateJwkThumbprint(verified.protectedHeader.jwk as JWK)
  } catch (cause) {
    // Nothing is fetched here, so every error is a fault of the proof or of its key.
    return invalidProof(context, describe(cause, rules), cause)
  }
  const { payload } = verified
  const fault = requestFault(payload, request, token, rules)
  if (fault !== undefined) return invalidProof(context, fault)
  const acceptedUntil = acceptance(payload, rules, context)
  return { jkt, jti: payload['jti'] as string, acceptedUntil }
}

/** Returns why the proof does not match the request, or undefined. */
function requestFault(
  payload: Readonly<Record<string, unknown>>,
  request: RequestLike,
  token: string,
  { baseUrl }: ProofRules,
): string | undefined {
  const { htm, htu, ath, jti, iat } = payload
  if (typeof jti !== 'string' || jti === '') return 'The DPoP proof has no valid jti.'
  if (!Number.isFinite(iat)) return 'The DPoP proof has no valid iat.'
  if (htm !== request.method) return 'The DPoP proof is for another method (htm).'
  const path = targetPath(request)
  const url = path === undefined ? undefined : requestUrl(baseUrl, path)
  if (url === undefined || normalizedUrl(String(htu)) !== url) {
    return 'The DPoP proof is for another URL (htu).'
  }
  if (ath !== hash('sha256', token, 'base64url')) {
    return 'The DPoP proof is for another access token (ath).'
  }
  return undefined
}

/** Returns until when the proof is accepted, by its nonce if the API asks for one, otherwise by its `iat`. */
function acceptance(payload: Readonly<Record<string, unknown>>, rules: ProofRules, context: RefusalContext): Date {
  const now = rules.now().getTime()
  if (rules.nonces !== undefined) {
    const { nonce } = payload
    const until = typeof nonce === 'string' ? rules.nonces.acceptedUntil(nonce) : undefined
    if (until !== undefined && until.getTime() > now) return until
    return refuse(context, {
      status: 401,
      error: 'use_dpop_nonce',
      description: 'The DPoP proof needs the nonce of the DPoP-Nonce header.',
      dpopNonce: rules.nonces.next(),
    })
  }
  const issuedAt = (payload['iat'] as number) * 1000
  if (issuedAt > now + aheadSeconds(rules) * 1000) {
    return invalidProof(context, 'The DPoP proof was made in the future (iat).')
  }
  const until = issuedAt + (rules.maxAgeSeconds + rules.clockToleranceSeconds) * 1000
  return until <= now ? invalidProof(context, 'The DPoP proof is too old (iat).') : new Date(until)
}

/** How far the clock of a client may be ahead of ours. */
function aheadSeconds({ clockToleranceSeconds }: ProofRules): number {
  return Math.max(clockToleranceSeconds, LEAST_AHEAD_SECONDS)
}

export function invalidProof(context: RefusalContext, description: string, cause?: unknown): never {
  return refuse(context, { status: 401, error: 'invalid_dpop_proof', description, cause })
}

function describe(cause: unknown, { algorithms }: ProofRules): string {
  if (cause instanceof errors.JOSEAlgNotAllowed) {
    return `The DPoP proof is signed by an algorithm that is not allowed; allowed are ${algorithms.join(', ')}.`
  }
  if (cause instanceof errors.JWTExpired) return 'The DPoP proof has expired.'
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === 'typ') return 'The DPoP proof is of another type: its typ must be dpop+jwt.'
    return `The DPoP proof has no valid ${cause.claim}.`
  }
  if (cause instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the DPoP proof is not valid.'
  return 'The DPoP proof is not a well-formed JWT with a public key (jwk).'
}
