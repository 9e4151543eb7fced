/** The package entry `signet/resource-server`: verifies access tokens for an API on any framework. */
import type { JSONWebKeySet } from 'jose'
import { reaches } from './acr.ts'
import { bearerToken, type RequestLike } from './bearer.ts'
import { verifiedClaims, type AccessTokenClaims } from './claims.ts'
import { createLocalKeys, createIssuerKeys } from './issuer-keys.ts'
import { protectedResourceMetadataUrl, type ProtectedResourceMetadata } from './protected-resource.ts'
import { refuse, type RefusalContext } from './refusal.ts'
import { createStatusCheck, type StatusListOptions } from './status-list.ts'

export { AccessTokenRefused } from './refusal.ts'
export type { RefusalCode } from './refusal.ts'
export type { AccessTokenClaims } from './claims.ts'
export type { ProtectedResourceMetadata } from './protected-resource.ts'
export type { RequestLike } from './bearer.ts'
export type { StatusListOptions } from './status-list.ts'

export type SignatureAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

export interface AccessTokensOptions {
  /** The issuer identifier exactly as the issuer publishes it. */
  readonly issuer: string
  /** This API's identifier, exactly as registered. */
  readonly audience: string
  /** The scopes that every request needs: one scope, several separated by spaces, or an array. */
  readonly scope?: string | readonly string[]
  /**
   * The `acr` values of which the sign-in must have one (RFC 9470); a machine's token is refused. A stronger class of
   * Signet also satisfies a weaker one, so that a passkey passes where `urn:signet:acr:mfa` is needed.
   */
  readonly acrValues?: readonly string[]
  /** The maximum age of the sign-in, in seconds (RFC 9470). */
  readonly maxAgeSeconds?: number
  /** The URL of the issuer's keys; by default taken from its metadata. */
  readonly jwksUri?: string
  /** The keys, or a function that returns them; nothing is fetched. */
  readonly keys?: JSONWebKeySet | (() => JSONWebKeySet | Promise<JSONWebKeySet>)
  /** How far the clocks of issuer and API may differ, in seconds (default 5). */
  readonly clockToleranceSeconds?: number
  /** Allowed signature algorithms (default ES256, RS256, PS256, EdDSA). */
  readonly algorithms?: readonly SignatureAlgorithm[]
  /**
   * Checks the issuer's status list for tokens that were revoked before they expired (default `false`). The list must
   * be below the issuer and signed with its keys. It is cached for half of its `ttl`, and used until its `exp` if it
   * cannot be fetched again.
   */
  readonly statusList?: boolean | StatusListOptions
  /** Time limit for the issuer's metadata and keys together, and for a status list, in milliseconds (default 3000). */
  readonly timeoutMs?: number
  /** The URL of this API's metadata (default: derived from `audience`); `false` when the API serves none. */
  readonly resourceMetadata?: string | false
  /** All scopes of the API, its name and its documentation, for its metadata. */
  readonly scopesSupported?: readonly string[]
  readonly resourceName?: string
  readonly resourceDocumentation?: string
  /** The current time, for tests. */
  readonly now?: () => Date
}

/** What one request needs in addition to `AccessTokensOptions`. */
export interface RequestNeeds {
  readonly scope?: string | readonly string[]
  /** Replaces the value of the options (RFC 9470). */
  readonly acrValues?: readonly string[]
  readonly maxAgeSeconds?: number
}

export interface AccessTokens {
  /**
   * Returns the claims of the request's access token. Takes a `node:http` request or the value of its Authorization
   * header. Throws AccessTokenRefused: 400 `invalid_request`, 401 (no token, `invalid_token`,
   * `insufficient_user_authentication`), 403 `insufficient_scope`, 503 when the issuer's keys or its status list are
   * unavailable.
   */
  verify(request: RequestLike | string | undefined, needs?: RequestNeeds): Promise<AccessTokenClaims>
  /** Returns the document to serve at `metadataUrl` (RFC 9728 §2). */
  protectedResourceMetadata(): ProtectedResourceMetadata
  /** The metadata URL, part of every challenge; undefined when the API serves no metadata. */
  readonly metadataUrl: string | undefined
}

const DEFAULT_TIMEOUT_MS = 3000
const ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA']

/**
 * Creates a verifier for one API. Create it once, because it caches the issuer's keys.
 *
 * @example
 * const tokens = accessTokens({ issuer: 'https://id.example.com', audience: 'https://api.example.com' })
 * http.createServer(async (request, response) => {
 *   try {
 *     const claims = await tokens.verify(request, { scope: 'posts:read' })
 *     response.end(`Hello ${claims.sub}`)
 *   } catch (refused) {
 *     if (!(refused instanceof AccessTokenRefused)) throw refused
 *     response.writeHead(refused.status, refused.headers).end(refused.body)
 *   }
 * })
 */
export function accessTokens(options: AccessTokensOptions): AccessTokens {
  requireOptions(options)
  const now = options.now ?? (() => new Date())
  const getKey =
    options.keys === undefined
      ? createIssuerKeys({
          issuer: options.issuer,
          jwksUri: options.jwksUri,
          timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
          now,
        })
      : createLocalKeys(options.keys)
  const rules = {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: options.algorithms ?? ALGORITHMS,
    clockToleranceSeconds: options.clockToleranceSeconds ?? 5,
    getKey,
    now,
  }
  const checkStatus = createStatusCheck(options.statusList ?? false, {
    ...rules,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  })
  const metadataUrl =
    options.resourceMetadata === false
      ? undefined
      : (options.resourceMetadata ?? protectedResourceMetadataUrl(options.audience))
  const requiredScope = scopeList(options.scope)

  async function verify(
    request: RequestLike | string | undefined,
    needs: RequestNeeds = {},
  ): Promise<AccessTokenClaims> {
    const scope = [...new Set([...requiredScope, ...scopeList(needs.scope)])]
    const context = { resourceMetadata: metadataUrl, scope }
    const claims = await verifiedClaims(bearerToken(request, context), rules, context)
    await checkStatus?.(claims, context)
    requireScope(claims, context)
    const { acrValues = options.acrValues, maxAgeSeconds = options.maxAgeSeconds } = needs
    requireSignIn(
      claims,
      { acrValues, maxAgeSeconds, clockToleranceSeconds: rules.clockToleranceSeconds },
      { context, now: now() },
    )
    return claims
  }

  return { verify, protectedResourceMetadata: () => metadata(options), metadataUrl }
}

function requireOptions(options: AccessTokensOptions): void {
  for (const name of ['issuer', 'audience'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') {
      throw new TypeError(`accessTokens needs the option ${name}`)
    }
  }
  if (URL.parse(options.issuer) === null) throw new TypeError(`the option issuer must be a URL, not ${options.issuer}`)
}

function scopeList(scope: string | readonly string[] | undefined): string[] {
  const list = typeof scope === 'string' ? [scope] : (scope ?? [])
  return list.flatMap((entry) => entry.split(' ')).filter((entry) => entry !== '')
}

function requireScope(claims: AccessTokenClaims, context: RefusalContext): void {
  const granted = scopeList(claims.scope)
  const missing = context.scope.filter((scope) => !granted.includes(scope))
  if (missing.length === 0) return
  refuse(context, {
    status: 403,
    error: 'insufficient_scope',
    description: `The access token lacks the scope ${missing.join(' ')}.`,
  })
}

/**
 * Throws 401 `insufficient_user_authentication` when the sign-in is too weak or too old, so that the client starts a
 * new sign-in (RFC 9470 §3).
 */
function requireSignIn(
  claims: AccessTokenClaims,
  needs: {
    acrValues: readonly string[] | undefined
    maxAgeSeconds: number | undefined
    clockToleranceSeconds: number
  },
  { context, now }: { context: RefusalContext; now: Date },
): void {
  const { acrValues, maxAgeSeconds, clockToleranceSeconds } = needs
  const weak = acrValues !== undefined && !meetsOne(claims.acr, acrValues)
  const age = claims.auth_time === undefined ? Infinity : now.getTime() / 1000 - claims.auth_time
  const old = maxAgeSeconds !== undefined && age > maxAgeSeconds + clockToleranceSeconds
  if (!weak && !old) return
  refuse(context, {
    status: 401,
    error: 'insufficient_user_authentication',
    description: weak
      ? 'This needs a stronger sign-in than the one the access token tells of.'
      : 'This needs a more recent sign-in than the one the access token tells of.',
    ...(acrValues === undefined ? {} : { acrValues }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  })
}

function meetsOne(acr: string | undefined, acrValues: readonly string[]): boolean {
  return acr !== undefined && (acrValues.includes(acr) || reaches(acr, acrValues))
}

function metadata(options: AccessTokensOptions): ProtectedResourceMetadata {
  const scopes = options.scopesSupported ?? scopeList(options.scope)
  return {
    resource: options.audience,
    authorization_servers: [options.issuer],
    bearer_methods_supported: ['header'],
    ...(scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    ...(options.resourceName === undefined ? {} : { resource_name: options.resourceName }),
    ...(options.resourceDocumentation === undefined ? {} : { resource_documentation: options.resourceDocumentation }),
  }
}
