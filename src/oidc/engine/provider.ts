/** Builds and configures an instance of the engine for one set of signing keys. New keys get a new instance. */
import Provider from 'oidc-provider'
import type { Context } from 'koa'
import type { Configuration } from 'oidc-provider'
import { errors } from 'oidc-provider'
import type { Accounts } from '#accounts/account.ts'
import type { Config } from '#config/config.ts'
import { offeredAuthMethods } from '#clients/auth-methods.ts'
import { OWN_MEMBERS } from '#clients/members/registry.ts'
import { OPENID_SCOPES } from '#clients/profiles.ts'
import type { Subjects } from '#clients/subjects.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { ACR_VALUES } from '#resource-server/acr.ts'
import type { KeySet } from '#signing-keys/signing-key.ts'
import { setTyp } from '../configuration/access-token-typ.ts'
import { enabledAlgs } from '../configuration/algorithms.ts'
import { authorizationRequestHook, HOOK_PARAMETER, type RequestRules } from '../configuration/authorization-request.ts'
import { accessTokenClaims, CLAIMS, findAccount, type StatusOf } from '../configuration/claims.ts'
import { assertionVerified } from '../configuration/client-assertion.ts'
import { cookies } from '../configuration/cookies.ts'
import { clientBasedCors, features } from '../configuration/features.ts'
import { policy } from '../configuration/interaction-policy.ts'
import { mtlsEndpointAliases } from '../configuration/mutual-tls.ts'
import { type Lifetimes, timeToLive } from '../configuration/lifetimes.ts'
import { expiresWithSession, issueRefreshToken, rotateRefreshToken } from '../configuration/refresh-tokens.ts'
import { engineKeys } from '../configuration/signing.ts'
import type { CibaDeps } from '../grants/ciba/feature.ts'
import { findRequestedPerson } from '../grants/ciba/people.ts'
import type { DeviceFlowDeps } from '../grants/device/feature.ts'
import { installGrants } from '../grants/install.ts'
import type { Grants } from '../grants/registry.ts'
import type { EnginePages } from '../interactions/interaction-gateway.ts'
import { isRepeatable, type WayBack } from '../interactions/way-back.ts'
import type { RestoreEpoch } from '../restore-epoch/restore-epoch-store.ts'
import type { ConsentStore } from '../sessions/consent-store.ts'
import { loadExistingGrant } from '../sessions/grants-of-sessions.ts'
import { offersOf } from '../offers.ts'
import { createAccessTokenVerifier } from './access-token-jwt.ts'
import { clientOf } from './clients.ts'
import { sentenceOf } from './explain-refusal.ts'
import { unregisteredUri } from './unregistered-uri.ts'
import { applyPatches, type PatchDeps } from './patches.ts'
import { isBrowserRoute, ROUTES } from './routes.ts'

export interface ProviderDeps
  extends Omit<PatchDeps, 'keys' | 'verifyAccessToken'>, Omit<RequestRules, 'requests'>, CibaDeps {
  readonly grants: Grants
  readonly keyring: Keyring
  readonly accounts: Accounts
  readonly subjects: Subjects
  readonly mtls: Config['mtls']
  readonly lifetimes: Lifetimes
  readonly consents: ConsentStore
  readonly pages: EnginePages
  readonly fetch: GuardedFetch
  readonly adapter: NonNullable<Configuration['adapter']>
  readonly restoreEpoch: RestoreEpoch
  readonly statusOf: StatusOf
  /** Describes an interaction that the engine can no longer find. */
  readonly lost: (ctx: Context) => Promise<Error>
  readonly wayBack: Pick<WayBack, 'set'>
  readonly deviceRefused: DeviceFlowDeps['deviceRefused']
}

export function createProvider(deps: ProviderDeps, keys: KeySet): Provider {
  const provider = new Provider(deps.issuer, configuration(deps, keys))
  provider.proxy = true
  applyPatches(provider, { ...deps, keys, verifyAccessToken: createAccessTokenVerifier({ ...deps, keys }) })
  installGrants(provider, deps.grants)
  return provider
}

/** Front-Channel Logout §3; the engine does not have it. */
const FRONT_CHANNEL_LOGOUT = { frontchannel_logout_supported: true, frontchannel_logout_session_supported: true }

function configuration(deps: ProviderDeps, keys: KeySet): Configuration {
  const { issuer } = deps
  return {
    adapter: deps.adapter,
    jwks: engineKeys(keys),
    routes: ROUTES,
    cookies: cookies(issuer, deps.keyring, deps.restoreEpoch.number),
    ttl: timeToLive(deps.lifetimes),
    scopes: [...OPENID_SCOPES],
    claims: CLAIMS,
    // which claims an ID token carries is decided for each client, whatever its access token is for
    conformIdTokenClaims: false,
    acrValues: [...ACR_VALUES],
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: (_ctx, accountId, client) => deps.subjects.of(accountId, clientOf(client)),
    responseTypes: ['code'],
    discovery: { ...FRONT_CHANNEL_LOGOUT, ...mtlsEndpointAliases(issuer, deps.mtls) },
    features: features(deps),
    fetch: (url) => deps.fetch(url instanceof Request ? url.url : url, { accept: 'application/json' }),
    clientAuthMethods: offeredAuthMethods(offersOf(deps.grants.rows, deps.mtls)),
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: enabledAlgs(),
    extraClientMetadata: { properties: [...OWN_MEMBERS] },
    extraParams: { [HOOK_PARAMETER]: authorizationRequestHook(deps) },
    pkce: { required: (_ctx, client) => clientOf(client).metadata['signet_pkce'] !== 'optional' },
    interactions: interactions(deps),
    findAccount: findPerson(deps),
    loadExistingGrant: loadExistingGrant(deps.consents),
    formats: { customizers: { jwt: setTyp } },
    extraTokenClaims: accessTokenClaims(deps.statusOf, deps.grants),
    issueRefreshToken: issueRefreshToken(deps.grants),
    expiresWithSession,
    rotateRefreshToken,
    revokeGrantPolicy: () => true,
    clientBasedCORS: clientBasedCors,
    assertJwtClientAuthClaimsAndHeader: assertionVerified(deps.clientKeys),
    renderError: renderError(deps),
    allowOmittingSingleRegisteredRedirectUri: false,
  }
}

/** At the backchannel authentication endpoint the account is that of a hint, and may be nobody's. */
function findPerson(deps: ProviderDeps): NonNullable<Configuration['findAccount']> {
  const find = findAccount(deps.accounts, deps.subjects)
  const findRequested = findRequestedPerson(deps)
  return (ctx, id) => (ctx.oidc.route === 'backchannel_authentication' ? findRequested(ctx, id) : find(ctx, id))
}

function interactions({
  issuer,
  subjects,
  wayBack,
}: Pick<ProviderDeps, 'issuer' | 'subjects' | 'wayBack'>): NonNullable<Configuration['interactions']> {
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  return {
    policy: policy(subjects),
    url(ctx, interaction) {
      const { uid, params } = interaction
      // a pushed request, one in a request object and the request of a device cannot be sent again
      const isDevice = interaction.deviceCode !== undefined
      const repeatable = !isDevice && isRepeatable(interaction)
      wayBack.set(ctx, uid, { params, repeatable, isDevice })
      return `${base}/interaction/${uid}`
    },
  }
}

function renderError({ lost, pages }: Pick<ProviderDeps, 'lost' | 'pages'>): NonNullable<Configuration['renderError']> {
  return async (ctx, out, error) => {
    // a second tab, the back button or lost cookies: show a page that offers a way to continue
    if (error instanceof errors.SessionNotFound && ctx.oidc.route === 'resume') throw await lost(ctx)
    const shown = out as { error: string; error_description?: string }
    const sentence = sentenceOf(shown.error, shown.error_description)
    const explained = sentence === undefined ? shown : { ...shown, error_description: sentence }
    if (isBrowserRoute(ctx.oidc.route)) await pages.error(ctx, explained, unregisteredUri(ctx))
    else ctx.body = explained
  }
}
