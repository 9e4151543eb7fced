/** Checks that an access token is used with the key that it is bound to (RFC 9449 §7.1). */
import { hash } from 'node:crypto'
import type { AccessTokenClaims } from '../claims.ts'
import type { Credentials, RequestLike } from '../credentials.ts'
import { invalidToken, type RefusalContext } from '../refusal.ts'
import { createNonces } from './nonces.ts'
import { invalidProof, type ProofRules, verifiedProof } from './proof.ts'
import { createMemoryReplayStore, type ReplayStore } from './replay-store.ts'

export type DpopAlgorithm = 'ES256' | 'PS256' | 'RS256' | 'EdDSA' | 'Ed25519'

export interface DpopOptions {
  /** Refuses bearer tokens (default `false`: both are accepted, a bound token only with its proof). */
  readonly required?: boolean
  /**
   * The public URL to which the path of a request is appended (default: the origin of `audience`). Set it if a proxy
   * removes a prefix of the path.
   */
  readonly baseUrl?: string
  /** The maximum age of a proof, in seconds (default 60). The clock tolerance is added. */
  readonly maxAgeSeconds?: number
  /** Allowed signature algorithms of proofs (default ES256, PS256, Ed25519, EdDSA). */
  readonly algorithms?: readonly DpopAlgorithm[]
  /** Remembers used proofs (default: in the memory of this process). Several instances of an API must share one. */
  readonly replayStore?: ReplayStore
  /**
   * Requires each proof to contain a nonce from the API, valid for five minutes (RFC 9449 §9), so that the client's clock
   * does not matter. The secret has at least 32 characters or bytes; all instances of the API must share it.
   */
  readonly nonceSecret?: string | Uint8Array
}

export interface Dpop {
  readonly required: boolean
  readonly algorithms: readonly string[]
  /** Throws AccessTokenRefused: 401 `invalid_token`, `invalid_dpop_proof` or `use_dpop_nonce`. */
  requireProof(
    claims: AccessTokenClaims,
    credentials: Credentials,
    request: RequestLike,
    context: RefusalContext,
  ): Promise<void>
}

export interface DpopDeps {
  readonly audience: string
  readonly clockToleranceSeconds: number
  now(): Date
}

const ALGORITHMS: readonly DpopAlgorithm[] = ['ES256', 'PS256', 'Ed25519', 'EdDSA']
const DEFAULT_MAX_AGE_SECONDS = 60
const MIN_SECRET_LENGTH = 32

/** Creates the check, or returns undefined for `false`. Throws TypeError for an invalid option. */
export function createDpop(option: boolean | DpopOptions, deps: DpopDeps): Dpop | undefined {
  if (option === false) return undefined
  const options = option === true ? {} : option
  const rules = rulesOf(options, deps)
  const replays = options.replayStore ?? createMemoryReplayStore(() => deps.now())
  const required = options.required ?? false

  return {
    required,
    algorithms: rules.algorithms,
    async requireProof(claims, { scheme, token }, request, context) {
      const boundTo = requireBinding(claims, scheme, required, context)
      if (boundTo === undefined) return
      const proof = await verifiedProof(request, token, rules, context)
      if (proof.jkt !== boundTo) invalidProof(context, 'The DPoP proof is of another key than the access token.')
      const key = `${proof.jkt}.${hash('sha256', proof.jti, 'base64url')}`
      if (!(await replays.remember(key, proof.acceptedUntil))) {
        invalidProof(context, 'The DPoP proof was used before (jti).')
      }
    },
  }
}

/** Throws AccessTokenRefused for a token that is bound to a key, which an API without DPoP cannot check (RFC 8705 §3). */
export function requireUnbound(claims: AccessTokenClaims, context: RefusalContext): void {
  const { cnf } = claims
  if (cnf === undefined) return
  const to = typeof cnf === 'object' && cnf !== null && 'x5t#S256' in cnf ? 'certificate' : 'key'
  invalidToken(context, `The access token is bound to a ${to} and cannot be used as a bearer token.`)
}

/** Returns the thumbprint of the key that a token is bound to; undefined for a bearer token. */
function requireBinding(
  claims: AccessTokenClaims,
  scheme: Credentials['scheme'],
  required: boolean,
  context: RefusalContext,
): string | undefined {
  const jkt = thumbprintOf(claims['cnf'])
  if (jkt === undefined && claims['cnf'] !== undefined) {
    return invalidToken(context, 'The access token is bound in a way that this API cannot check.')
  }
  if (scheme === 'DPoP' && jkt === undefined) {
    return invalidToken(context, 'The access token is not bound to a key: send it with the scheme Bearer.')
  }
  // RFC 9449 §7.2: a bound token must not be accepted as a bearer token, or a thief would need no key.
  if (scheme === 'Bearer' && jkt !== undefined) {
    return invalidToken(context, 'The access token is bound to a key: send it with the scheme DPoP and a proof.')
  }
  if (required && jkt === undefined) {
    return invalidToken(context, 'This API accepts only access tokens that are bound to a key (DPoP).')
  }
  return jkt
}

/** Returns `jkt`, if the token is bound to that key and to nothing else. */
function thumbprintOf(cnf: unknown): string | undefined {
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const { jkt, ...others } = cnf as Record<string, unknown>
  return typeof jkt === 'string' && jkt !== '' && Object.keys(others).length === 0 ? jkt : undefined
}

function rulesOf(options: DpopOptions, { audience, clockToleranceSeconds, now }: DpopDeps): ProofRules {
  const { maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS, nonceSecret } = options
  const baseUrl = options.baseUrl ?? URL.parse(audience)?.origin
  if (baseUrl === undefined || !/^https?:\/\//.test(baseUrl) || URL.parse(baseUrl) === null) {
    throw new TypeError('the option dpop.baseUrl must be an http(s) URL; without it, audience must be one')
  }
  if (!(maxAgeSeconds > 0)) throw new TypeError('the option dpop.maxAgeSeconds must be a number of seconds above 0')
  if (nonceSecret !== undefined && nonceSecret.length < MIN_SECRET_LENGTH) {
    throw new TypeError(`the option dpop.nonceSecret must have at least ${MIN_SECRET_LENGTH} characters or bytes`)
  }
  return {
    algorithms: options.algorithms ?? ALGORITHMS,
    baseUrl,
    maxAgeSeconds,
    clockToleranceSeconds,
    nonces: nonceSecret === undefined ? undefined : createNonces(nonceSecret, now),
    now,
  }
}
