/** Asks the issuer about each token, so that the API sees a revocation within seconds (RFC 7662). */
import { createHash } from 'node:crypto'
import { IssuerUnavailable } from '../bounded-fetch.ts'
import { type AccessTokenClaims, claimsFault, type ClaimsRules, verifiedClaims } from '../claims.ts'
import { refuse, type RefusalContext } from '../refusal.ts'
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
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/
/** The opaque tokens of Signet: 256 random bits, six in a character. */
const OPAQUE = /^[\w-]{43}$/

/** Creates the check. Throws TypeError for an invalid option. */
export function createIntrospection(
  options: IntrospectionOptions,
  rules: ClaimsRules & { readonly timeoutMs: number },
): Introspection {
  const { issuer, timeoutMs } = rules
  const { endpoint, cacheSeconds = DEFAULT_CACHE_SECONDS } = options
  if (!(cacheSeconds >= 0))
    throw new TypeError('the option introspection.cacheSeconds must be a number of seconds from 0')
  const now = (): Date => rules.now()
  const authenticate = createClientAuthentication(options, issuer, now)
  const answers = createAnswers({ issuer, endpoint, cacheSeconds, timeoutMs, authenticate, now })

  return async (token, context) => {
    // A JWT is verified first: nobody makes the API ask the issuer about one that the issuer did not sign.
    const own = JWT.test(token) ? await verifiedClaims(token, rules, context) : undefined
    if (own === undefined && !OPAQUE.test(token)) return inactive(context)
    const answer = await answers.of(token, own !== undefined).catch((cause: unknown) => unavailable(context, cause))
    if (answer === undefined) return inactive(context)
    return own ?? opaqueClaims(token, answer, rules, context)
  }
}

function inactive(context: RefusalContext): never {
  return invalid(context, 'The access token is unknown, has expired or was revoked.')
}

function invalid(context: RefusalContext, description: string): never {
  return refuse(context, { status: 401, error: 'invalid_token', description })
}

function unavailable(context: RefusalContext, cause: unknown): never {
  if (!(cause instanceof IssuerUnavailable)) throw cause
  return refuse(context, {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The token issuer cannot be asked about the access token at the moment.',
    cause,
  })
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
    jti: told['jti'] ?? createHash('sha256').update(token).digest('base64url'),
  } as AccessTokenClaims
  const fault = opaqueFault(claims, type, rules) ?? claimsFault(claims, rules, rules.now())
  return fault === undefined ? claims : invalid(context, fault)
}

/** Checks what the signature and jose check of a JWT. */
function opaqueFault(claims: AccessTokenClaims, type: unknown, rules: ClaimsRules): string | undefined {
  // RFC 7662 §2.2: only access tokens have a type; a refresh token is told about, too.
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
