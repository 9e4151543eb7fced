/** Builds one instance of the engine over one set of signing keys; it is swapped whole when the keys change. */
import Provider from 'oidc-provider'
import type { Context } from 'koa'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Accounts } from '#accounts/account.ts'
import type { Clients } from '#clients/client.ts'
import { ASSERTION_ALGS, OPENID_SCOPES } from '#clients/profiles.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { ACR_VALUES } from '#sign-in/assurance.ts'
import type { KeySet } from '#signing-keys/signing-key.ts'
import { assertionFault, type AssertionContext } from '../client-assertion.ts'
import type { KeysOfClients } from './patches/client-key-store.ts'
import { authorizationRequestHook, HOOK_PARAMETER } from '../configuration/authorization-request.ts'
import { accessTokenClaims, CLAIMS, findAccount, type StatusOf } from '../configuration/claims.ts'
import { cookies } from '../configuration/cookies.ts'
import { clientBasedCors, features } from '../configuration/features.ts'
import { policy } from '../configuration/interaction-policy.ts'
import { type Lifetimes, timeToLive } from '../configuration/lifetimes.ts'
import { expiresWithSession, issueRefreshToken, rotateRefreshToken } from '../configuration/refresh-tokens.ts'
import { canonicalResources } from '../configuration/resources.ts'
import { engineKeys } from '../configuration/signing.ts'
import type { ConsentStore } from '../sessions/consent-store.ts'
import { EXTRA_CLIENT_METADATA, installClients, type EngineClients } from './clients.ts'
import { sentenceOf } from './explain-refusal.ts'
import { loadExistingGrant } from '../sessions/grants-of-sessions.ts'
import type { EnginePages } from '../interactions/interaction-gateway.ts'
import { installStructuredTokens, setStructuredTokenAside } from './patches/structured-tokens.ts'
import type { StatusStore } from '../statuses/status-store.ts'
import { orUnavailable } from '../adapter/errors.ts'
import type { RestoreEpoch } from '../restore-epoch/restore-epoch-store.ts'
import { setClockTolerance } from './internals.ts'
import { requestScope } from './scope/request-scope.ts'
import type { ResourceRequests } from '../grants/resource-requests.ts'

export interface ProviderDeps {
  readonly issuer: string
  readonly keyring: Keyring
  readonly clients: Clients
  readonly clientKeys: KeysOfClients
  readonly accounts: Accounts
  readonly requests: ResourceRequests
  readonly lifetimes: Lifetimes
  readonly consents: ConsentStore
  readonly pages: EnginePages
  /** For `sector_identifier_uri`. */
  readonly fetch: GuardedFetch
  readonly adapter: NonNullable<Configuration['adapter']>
  readonly endSession: (uid: string) => Promise<void>
  readonly statuses: StatusStore
  readonly restoreEpoch: RestoreEpoch
  readonly statusOf: StatusOf
  /** What is left of an interaction that the engine does not find any more. */
  readonly lost: (ctx: Context) => Promise<Error>
  /** The engine's `ReplayDetection.unique`. */
  readonly isFirstUse: (issuer: string, jti: string, expiresAt: number) => Promise<boolean>
}

export interface EngineInstance {
  readonly provider: Provider
  readonly clients: EngineClients
  readonly assertionContext: (ctx: KoaContextWithOIDC) => AssertionContext
}

/** The paths of the protocol endpoints below the issuer. */
export const ROUTES = {
  authorization: '/authorize',
  end_session: '/logout',
  introspection: '/introspect',
  jwks: '/jwks',
  pushed_authorization_request: '/par',
  revocation: '/revoke',
  token: '/token',
  userinfo: '/userinfo',
} as const

export function createProvider(deps: ProviderDeps, keys: KeySet): EngineInstance {
  const clients = (): EngineClients => engineClients
  const assertionContext = (ctx: KoaContextWithOIDC): AssertionContext => ({
    issuer: deps.issuer,
    tokenEndpoint: deps.issuer + ROUTES.token,
    endpoint: deps.issuer + ctx.path,
    now: Date.now() / 1000,
    restoredAt: deps.restoreEpoch.beganAt.getTime() / 1000,
  })
  const provider = new Provider(deps.issuer, configuration(deps, { keys, clients, assertionContext }))
  const engineClients = installClients(provider, deps, async (ctx) => {
    const { params, client } = ctx.oidc
    const scope = requestScope()
    if (scope && !client && params?.['client_assertion'] !== undefined) scope.authenticating = true
    await canonicalResources(deps.requests, params as Record<string, unknown>)
  })
  override(provider, deps, keys)
  return { provider, clients: engineClients, assertionContext }
}

interface Late {
  keys: KeySet
  clients: () => EngineClients
  assertionContext: EngineInstance['assertionContext']
}

function configuration(deps: ProviderDeps, { keys, clients, assertionContext }: Late): Configuration {
  const { issuer, pages } = deps
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  return {
    adapter: deps.adapter,
    jwks: engineKeys(keys),
    routes: ROUTES,
    cookies: cookies(issuer, deps.keyring, deps.restoreEpoch.number),
    ttl: timeToLive(deps.lifetimes),
    scopes: [...OPENID_SCOPES],
    claims: CLAIMS,
    acrValues: [...ACR_VALUES],
    responseTypes: ['code'],
    features: features({ requests: deps.requests, clients, pages, keyring: deps.keyring }),
    fetch: (url) => deps.fetch(url instanceof Request ? url.url : url, { accept: 'application/json' }),
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASSERTION_ALGS],
      idTokenSigningAlgValues: ['RS256', 'ES256'],
    },
    extraClientMetadata: { properties: EXTRA_CLIENT_METADATA },
    extraParams: { [HOOK_PARAMETER]: authorizationRequestHook(deps.requests, clients) },
    pkce: { required: (_ctx, client) => clients().ours(client).metadata['signet_pkce'] !== 'optional' },
    interactions: { policy: policy(), url: (_ctx, interaction) => `${base}/interaction/${interaction.uid}` },
    findAccount: findAccount(deps.accounts),
    loadExistingGrant: loadExistingGrant(deps.consents),
    extraTokenClaims: accessTokenClaims(deps.statusOf),
    issueRefreshToken,
    expiresWithSession,
    rotateRefreshToken,
    revokeGrantPolicy: () => true,
    clientBasedCORS: clientBasedCors(clients),
    assertJwtClientAuthClaimsAndHeader: async (ctx, claims, header, engineClient) => {
      const client = clients().ours(engineClient)
      const assertion = String(ctx.oidc.params?.['client_assertion'])
      judgeAssertion(deps, { assertion, claims, header, client, context: assertionContext(ctx) })
    },
    renderError: async (ctx, out, error) => {
      // a second tab, the back button, cookies gone: a page with a way on instead of the engine's dead end
      if (error instanceof errors.SessionNotFound && ctx.oidc.route === 'resume') throw await deps.lost(ctx)
      const told = out as { error: string; error_description?: string }
      const sentence = told.error_description ?? sentenceOf(told.error)
      await pages.error(ctx, sentence === undefined ? told : { ...told, error_description: sentence })
    },
    allowOmittingSingleRegisteredRedirectUri: false,
  }
}

/** Once its signature was verified: refuses an assertion that breaks a rule, and notes the use of its key. */
function judgeAssertion({ clientKeys }: ProviderDeps, input: Parameters<typeof assertionFault>[0]): void {
  const scope = requestScope()
  if (scope) scope.authenticating = false
  const fault = assertionFault(input)
  if (fault) throw Object.assign(new errors.InvalidClientAuth(fault), { error_description: fault })
  if (scope?.assertionKey) clientKeys.used(input.client.id, scope.assertionKey)
}

/** Seconds by which clocks may differ, and by which an assertion's `nbf` may be ahead. */
const CLOCK_TOLERANCE = 15
const ASSERTION_TOLERANCE = 60

function override(provider: Provider, deps: ProviderDeps, keys: KeySet): void {
  provider.proxy = true
  const context = provider.OIDCContext.prototype
  // no URL is ever made from a request's Host
  context.urlFor = (name: string, options?: Record<string, unknown>) => provider.urlFor(name, options)
  // any audience passes here: assertionFault decides, once the signature was verified. The engine then compares nbf
  // with its clock tolerance; ours for assertions is wider
  Object.assign(context, {
    clientJwtAuthExpectedAudience: () => ({ has: () => true }),
  })
  setClockTolerance(provider, () => (requestScope()?.authenticating ? ASSERTION_TOLERANCE : CLOCK_TOLERANCE))
  Object.assign(provider.ReplayDetection, { unique: deps.isFirstUse })
  const entity = context.entity
  context.entity = function setEntity(key, value) {
    // the client is known, nothing is decided yet
    if (key === 'Client') setStructuredTokenAside(this.route, this.params)
    entity.call(this, key, value)
  }
  installStructuredTokens(provider, { issuer: deps.issuer, keys, statuses: deps.statuses })
  hideDeadTokens(provider, deps)
  Object.assign(provider.Session.prototype, {
    async destroy(this: { uid: string; destroyed?: boolean }) {
      await deps.endSession(this.uid)
      this.destroyed = true
    },
  })
}

/**
 * A token whose client or account is gone or disabled is not active. The engine would fail on the first and tell of the
 * second as if nothing had happened.
 */
function hideDeadTokens(provider: Provider, { clients, accounts }: Pick<ProviderDeps, 'clients' | 'accounts'>): void {
  for (const Model of [provider.AccessToken, provider.ClientCredentials, provider.RefreshToken]) {
    const find = Model.find.bind(Model) as (value: string, options?: object) => Promise<StoredToken | undefined>
    Object.assign(Model, {
      find: async (value: string, options?: object): Promise<StoredToken | undefined> => {
        const token = await find(value, options)
        const ctx = Provider.ctx
        if (!token || ctx?.oidc?.route !== 'introspection') return token
        const { clientId, accountId } = token
        return orUnavailable(async () => {
          // from PostgreSQL: what was revoked is refused at once on every node
          const client = clientId === undefined ? undefined : await clients.read(clientId)
          const account = accountId === undefined ? undefined : await accounts.read(accountId)
          const isAlive = client?.status === 'enabled' && (accountId === undefined || account?.status === 'enabled')
          return isAlive ? token : undefined
        })
      },
    })
  }
}

interface StoredToken {
  clientId?: string
  accountId?: string
}
