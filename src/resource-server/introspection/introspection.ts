/** Asks the issuer about each token, so that the API sees a revocation within seconds (RFC 7662). */
import { hash } from 'node:crypto'
import { IssuerUnavailable } from '../bounded-fetch.ts'
import { type AccessTokenClaims, claimsFault, type ClaimsRules, verifiedClaims } from '../claims.ts'
import { invalidToken, type RefusalContext, unavailable } from '../refusal.ts'
import { createAnswers } from './answers.ts'
import { type ApiClient, createClientAuthentication } from './client-authentication.ts'
import type { Answer } from './kept-answers.ts'

export interface IntrospectionOptions extends ApiClient {
  /** The URL of the endpoint (default: taken from the issuer's metadata). */
  readonly endpoint?: string
  /** How long an answer is used, in seconds (default 5). A revoked token passes for this long at most. */
  readonly cacheSeconds?: number
}

/**
 * Returns the claims of an active token, JWT or opaque. Throws AccessTokenRefused: 401 `invalid_token`, 503 when the
 * issuer does not answer. Throws Error when the issuer does not accept the API as a client.
 */
export type Introspection = (token: string, context: RefusalContext) => Promise<AccessTokenClaims>

const DEFAULT_CACHE_SECONDS = 5
const INACTIVE = 'The access token is unknown, has expired or was revoked.'
const UNAVAILABLE = 'The token issuer cannot be asked about the access token at the moment.'
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/
/** Signet's opaque tokens: 256 random bits, six per character. */
const OPAQUE = /^[\w-]{43}$/

/** Creates the check. Throws TypeError for an invalid option. */
export function createIntrospection(
  options: IntrospectionOptions,
  rules: ClaimsRules & { readonly timeoutMs: number },
): Introspection {
  const { issuer, timeoutMs } = rules
  const { endpoint, cacheSeconds = DEFAULT_CACHE_SECONDS } = options
  if (!(cacheSeconds >= 0)) {
    throw new TypeError('the option introspection.cacheSeconds must be a number of seconds, 0 or more')
  }
  const now = (): Date => rules.now()
  const authenticate = createClientAuthentication(options, issuer, now)
  const answers = createAnswers({ issuer, endpoint, cacheSeconds, timeoutMs, authenticate, now })

  return async (token, context) => {
    // A JWT is verified first, so that strangers cannot make the API ask about tokens that the issuer did not sign.
    const own = JWT.test(token) ? await verifiedClaims(token, rules, context) : undefined
    if (own === undefined && !OPAQUE.test(token)) return invalidToken(context, INACTIVE)
    const answer = await answers.of(token, own !== undefined).catch((cause: unknown) => {
      if (cause instanceof IssuerUnavailable) return unavailable(context, UNAVAILABLE, cause)
      throw cause
    })
    if (answer === undefined) return invalidToken(context, INACTIVE)
    return own ?? opaqueClaims(token, answer, rules, context)
  }
}

/**
 * Returns what the issuer says of an opaque token as the claims that a JWT would have: `sub` of a machine's token is its
 * client (RFC 9068 §2.2), and a token without `jti` gets its digest as one.
 */
function opaqueClaims(
  token: string,
  answer: NonNullable<Answer>,
  rules: ClaimsRules,
  context: RefusalContext,
): AccessTokenClaims {
  const { token_type: type, ...told } = answer
  const claims = {
    ...told,
    iss: told['iss'] ?? rules.issuer,
    sub: told['sub'] ?? told['client_id'],
    jti: told['jti'] ?? hash('sha256', token, 'base64url'),
  } as AccessTokenClaims
  const fault = opaqueFault(claims, type, rules) ?? claimsFault(claims, rules, rules.now())
  return fault === undefined ? claims : invalidToken(context, fault)
}

/** Checks what the signature and jose check for a JWT. */
function opaqueFault(claims: AccessTokenClaims, type: unknown, rules: ClaimsRules): string | undefined {
  // RFC 7662 §2.2: only access tokens have a type, and the issuer describes refresh tokens, too.
  if (typeof type !== 'string' || !['bearer', 'dpop'].includes(type.toLowerCase())) {
    return 'The token is not an access token.'
  }
  if (claims.iss !== rules.issuer) return `The access token was not issued by ${rules.issuer}.`
  if (![claims.aud].flat().includes(rules.audience)) return `The access token is not for ${rules.audience}.`
  if (!Number.isFinite(claims.iat)) return 'The access token has no valid time of issue (iat).'
  if (!Number.isFinite(claims.exp)) return 'The access token has no valid expiry (exp).'
  const now = rules.now().getTime() / 1000
  return claims.exp <= now - rules.clockToleranceSeconds ? 'The access token has expired.' : undefined
}
