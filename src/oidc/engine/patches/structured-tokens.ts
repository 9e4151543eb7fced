/**
 * What: once the client is known, `OIDCContext.entity` replaces a JWT sent to introspection or revocation with a
 * marker. `AccessToken.find` and `ClientCredentials.find` verify the JWT and return a model built from its claims.
 * Why: the engine refuses JWT access tokens at these endpoints (RFC 7662, RFC 7009) with `unsupported_token_type`.
 * Engine: 9.13.3
 * Test: test/flows/introspection.test.ts
 */
import { randomBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import Provider from 'oidc-provider'
import type { AccessToken, ClientCredentials } from 'oidc-provider'
import { orUnavailable } from '../../adapter/errors.ts'
import type { AccessTokenVerifier } from '../access-token-jwt.ts'
import { requestScope } from '../scope/request-scope.ts'
import type { StatusStore } from '../../statuses/status-store.ts'
import { statusIndexOf, type TokenStatus } from '../../statuses/token-status.ts'

/** The value that replaces a JWT in the parameters. It is random, so that nobody outside this process can send it. */
const MARKER = randomBytes(32).toString('base64url')
const ROUTES = new Set(['introspection', 'revocation'])
/** Opaque tokens have no dot. A token with a dot is a JWT, or a part of one, which fails verification. */
const STRUCTURED = /\./

export interface StructuredTokenDeps {
  readonly verifyAccessToken: AccessTokenVerifier
  readonly statuses: StatusStore
}

/** Moves a JWT from the parameter to the request scope before the engine reads the parameter. */
function setAside(route: string, params: Record<string, unknown> | undefined): void {
  const scope = requestScope()
  const token = params?.['token']
  if (!scope || !params || !ROUTES.has(route) || typeof token !== 'string' || !STRUCTURED.test(token)) return
  scope.token.structured = token
  params['token'] = MARKER
}

export function findStructuredTokens(provider: Provider, deps: StructuredTokenDeps): void {
  const context = provider.OIDCContext.prototype
  const { entity } = context
  context.entity = function setEntity(key, value) {
    if (key === 'Client') setAside(this.route, this.params)
    entity.call(this, key, value)
  }

  async function verified(): Promise<JWTPayload | undefined> {
    const token = requestScope()?.token.structured
    return token === undefined ? undefined : deps.verifyAccessToken(token)
  }

  const wrap = (Model: typeof AccessToken | typeof ClientCredentials, isMachine: boolean): void => {
    const find: (value: string, options?: object) => Promise<unknown> = Model.find.bind(Model)
    Object.assign(Model, {
      async find(value: string, options?: object) {
        if (value !== MARKER) return find(value, options)
        const claims = await verified()
        if (!claims || (claims.sub === claims['client_id']) !== isMachine) return undefined
        return orUnavailable(() => model(provider, Model, claims, deps.statuses))
      },
    })
  }
  wrap(provider.AccessToken, false)
  wrap(provider.ClientCredentials, true)
}

/** Returns the engine's model of a token; undefined when the token or its grant has ended. */
async function model(
  provider: Provider,
  Model: typeof AccessToken | typeof ClientCredentials,
  claims: JWTPayload,
  statuses: StatusStore,
): Promise<unknown> {
  const {
    jti,
    exp,
    iat,
    aud,
    sub,
    scope,
    client_id: clientId,
    cnf,
    status,
    auth_time,
    acr,
    amr,
    authorization_details: rar,
  } = claims as unknown as Claims
  const statusIndex = statusIndexOf(status)
  if (await statuses.hasEnded(jti, statusIndex)) return undefined
  const isMachine = Model === provider.ClientCredentials
  const grant = isMachine ? undefined : await statuses.grantAt(statusIndex)
  if (!isMachine && grant?.clientId !== clientId) return undefined
  const Constructor = Model as unknown as new (payload: object) => object
  const token = new Constructor({
    jti,
    exp,
    iat,
    aud,
    scope,
    clientId,
    ...(rar === undefined ? {} : { rar }),
    ...(cnf?.jkt === undefined ? {} : { jkt: cnf.jkt }),
    ...(cnf?.['x5t#S256'] === undefined ? {} : { 'x5t#S256': cnf['x5t#S256'] }),
    // the subject of a person is that of the token's client, and need not be the account id
    ...(isMachine ? { extra: { sub } } : { accountId: grant?.accountId, extra: { sub, auth_time, acr, amr } }),
    // not at revocation: revoking an access token must not end its grant; revoking the refresh token does
    ...(grant && Provider.ctx?.oidc.route === 'introspection' ? { grantId: grant.grantId } : {}),
  })
  return Object.assign(token, {
    destroy: () =>
      orUnavailable(() => statuses.revoke(jti, new Date(exp * 1000), requestScope()?.token.revokedEvent() ?? [])),
  })
}

interface Claims {
  readonly jti: string
  readonly exp: number
  readonly iat: number
  readonly aud: string
  readonly sub: string
  readonly scope?: string
  readonly client_id: string
  readonly cnf?: { readonly jkt?: string; readonly 'x5t#S256'?: string }
  readonly status?: TokenStatus
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: string[]
  readonly authorization_details?: object[]
}
