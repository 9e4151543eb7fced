/** The package entry `signet/resource-server`: verifies access tokens for an API on any framework. */
import { verifiedClaims, type AccessTokenClaims } from './claims.ts'
import { createCertificateBinding } from './certificate-binding.ts'
import { credentialsOf, type RequestLike } from './credentials.ts'
import { createDpop, requireUnbound } from './dpop/binding.ts'
import { createIntrospection } from './introspection/introspection.ts'
import { createLocalKeys, createIssuerKeys } from './issuer-keys.ts'
import { requireScope, requireSignIn } from './needs.ts'
import {
  type AccessTokensOptions,
  requireOptions,
  type RequestNeeds,
  scopeList,
  type SignatureAlgorithm,
} from './options.ts'
import {
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
  type ProtectedResourceMetadata,
} from './protected-resource.ts'
import { createStatusCheck } from './status-list.ts'

export { AccessTokenRefused } from './refusal.ts'
export type { RefusalCode } from './refusal.ts'
export type { CertificateOf } from './certificate-binding.ts'
export type { AccessTokenClaims } from './claims.ts'
export type { AccessTokensOptions, RequestNeeds, SignatureAlgorithm } from './options.ts'
export type { ProtectedResourceMetadata } from './protected-resource.ts'
export type { RequestLike } from './credentials.ts'
export type { IntrospectionOptions } from './introspection/introspection.ts'
export type { StatusListOptions } from './status-list.ts'
export type { DpopAlgorithm, DpopOptions } from './dpop/binding.ts'
export type { ReplayStore } from './dpop/replay-store.ts'

export interface AccessTokens {
  /**
   * Returns the claims of the request's access token. Takes a `node:http` request, or the value of its Authorization
   * header where only bearer tokens are accepted. Throws AccessTokenRefused: 400 `invalid_request`, 401 (no token,
   * `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, `insufficient_user_authentication`), 403
   * `insufficient_scope`, 503 when the issuer's keys, its status list or its introspection are unavailable.
   */
  verify(request: RequestLike | string | undefined, needs?: RequestNeeds): Promise<AccessTokenClaims>
  /** Returns the document to serve at `metadataUrl` (RFC 9728 §2). */
  protectedResourceMetadata(): ProtectedResourceMetadata
  /** The metadata URL, part of every challenge; undefined when the API serves no metadata. */
  readonly metadataUrl: string | undefined
}

const DEFAULT_TIMEOUT_MS = 3000
const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5
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
 *   } catch (error) {
 *     if (error instanceof AccessTokenRefused) response.writeHead(error.status, error.headers).end(error.body)
 *     else fail(response, error) // 500 and a line in the log; to throw here would end the process
 *   }
 * })
 */
export function accessTokens(options: AccessTokensOptions): AccessTokens {
  requireOptions(options)
  const { now = () => new Date(), timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const getKey =
    options.keys === undefined
      ? createIssuerKeys({
          issuer: options.issuer,
          jwksUri: options.jwksUri,
          timeoutMs,
          now,
        })
      : createLocalKeys(options.keys)
  const rules = { ...tokenRules(options), getKey, now }
  const { audience, clockToleranceSeconds } = rules
  const checkStatus = createStatusCheck(options.statusList ?? false, { ...rules, timeoutMs })
  const introspect = options.introspection && createIntrospection(options.introspection, { ...rules, timeoutMs })
  const dpop = createDpop(options.dpop ?? false, { audience, clockToleranceSeconds, now })
  const certificates = createCertificateBinding(options.clientCertificate ?? false)
  const metadataUrl =
    options.resourceMetadata === false
      ? undefined
      : (options.resourceMetadata ?? protectedResourceMetadataUrl(options.audience))
  const requiredScope = scopeList(options.scope)

  async function verify(sent: RequestLike | string | undefined, needs: RequestNeeds = {}): Promise<AccessTokenClaims> {
    const request = typeof sent === 'object' ? sent : { headers: { authorization: sent } }
    const scope = [...new Set([...requiredScope, ...scopeList(needs.scope)])]
    const api = { resourceMetadata: metadataUrl, scope, dpop }
    const credentials = credentialsOf(request, api)
    const context = { ...api, scheme: credentials.scheme }
    const claims = await (introspect === undefined
      ? verifiedClaims(credentials.token, rules, context)
      : introspect(credentials.token, context))
    await checkStatus?.(claims, context)
    if (!certificates?.isHeld(claims, credentials, request, context)) {
      if (dpop === undefined) requireUnbound(claims, context)
      else await dpop.requireProof(claims, credentials, request, context)
    }
    requireScope(claims, context)
    const { acrValues = options.acrValues, maxAgeSeconds = options.maxAgeSeconds } = needs
    requireSignIn(claims, { acrValues, maxAgeSeconds, clockToleranceSeconds }, { context, now: now() })
    return claims
  }

  return { verify, protectedResourceMetadata: () => protectedResourceMetadata(options, dpop), metadataUrl }
}

function tokenRules(options: AccessTokensOptions) {
  return {
    issuer: options.issuer,
    audience: options.audience,
    typ: options.accessTokenTyp ?? ('at+jwt' as const),
    algorithms: options.algorithms ?? ALGORITHMS,
    clockToleranceSeconds: options.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS,
  }
}
