/** The protocol endpoints: one handler over the engine, which is rebuilt when the signing keys change. */
import compose from 'koa-compose'
import type { Context, Middleware } from 'koa'
import Provider from 'oidc-provider'
import type { Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Config } from '#config/config.ts'
import type { Clients } from '#clients/client.ts'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import type { Collection } from '#clients/registration/collection.ts'
import type { Registration } from '#clients/registration/registration.ts'
import type { Subjects } from '#clients/subjects.ts'
import type { Database } from '#database/database.ts'
import type { WriteBudget } from '#http/write-budget.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import type { Resource, Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Clock } from '#shared/clock.ts'
import type { SigningKeys } from '#signing-keys/signing-key.ts'
import { createStatusLists } from '#signing-keys/status-list/status-list.ts'
import { createAdapterFactory, toArtefactRow } from './adapter/adapter.ts'
import { createArtefactStore } from './adapter/artefact-store.ts'
import { orUnavailable } from './adapter/errors.ts'
import { createGrantStore } from './adapter/grant-store.ts'
import { createPayloadSealer, rowId } from './adapter/sealing.ts'
import { createSessionAdapter } from './sessions/session-adapter.ts'
import { createSessionStore } from './sessions/session-store.ts'
import { createTokenStore } from './adapter/token-store.ts'
import { createWaitingStore } from './adapter/waiting-store.ts'
import { createUnitSettler } from './adapter/unit-of-work.ts'
import { aroundEngine } from './engine/around-engine.ts'
import type { Endings } from './endings/endings.ts'
import { endRecordedSessions } from './endings/recorded.ts'
import { completeDiscovery } from './configuration/discovery.ts'
import type { Lifetimes } from './configuration/lifetimes.ts'
import { currentSigners } from './configuration/signing.ts'
import { createAdmission } from './configuration/strangers.ts'
import type { KeysOfClients } from './engine/patches/client-key-store.ts'
import { type BrowserSessions, createBrowserSessions } from './sessions/browser-session.ts'
import { createConsentStore } from './sessions/consent-store.ts'
import { removeExpired } from './adapter/expiry-store.ts'
import { createDeviceGateway } from './interactions/device-gateway.ts'
import { createGateway, currentInteraction, lost } from './interactions/gateway.ts'
import type { DeviceGateway, EnginePages, InteractionGateway } from './interactions/interaction-gateway.ts'
import { createWayBack } from './interactions/way-back.ts'
import { createProvider, type ProviderDeps } from './engine/provider.ts'
import { createRegistrationEndpoint } from './registration/endpoint.ts'
import { noteUses } from './registration/note-uses.ts'
import type { RestoreEpoch } from './restore-epoch/restore-epoch-store.ts'
import type { Approvals } from './grants/ciba/approvals.ts'
import { createApprovals } from './grants/ciba/decisions.ts'
import { createRequestStore, type RequestDeps } from './grants/ciba/requests.ts'
import { createUserCodeCheck, type UserCodeDeps } from './grants/ciba/user-code.ts'
import { createDirectPath, type DirectDeps } from './grants/client-credentials/direct.ts'
import { deviceAuthorizationEndpoint } from './grants/device/authorization-endpoint.ts'
import { createDeviceDecisions } from './grants/device/decisions.ts'
import type { Grant } from './grants/grant.ts'
import { createGrants } from './grants/registry.ts'
import { createDeliveries, type Deliveries } from './notices/deliveries.ts'
import { createFrontChannel, type FrontChannel } from './sign-out/front-channel.ts'
import { dropUnverifiedHints } from './sign-out/sign-out.ts'
import { createResourceRequests } from './grants/resource-requests.ts'
import { createStatusRoute } from './statuses/status-route.ts'
import { createStatusClaims } from './statuses/status-claim.ts'
import { statusIndexOf, type TokenStatus } from './statuses/token-status.ts'
import { createStatusStore } from './statuses/status-store.ts'

export interface OidcDeps extends Pick<RequestDeps, 'onApprovalRequest'>, Pick<UserCodeDeps, 'userCodes'> {
  readonly issuer: string
  readonly db: Database
  readonly keyring: Keyring
  readonly subjects: Subjects
  readonly clients: Clients
  readonly clientKeys: KeysOfClients
  readonly documents: ClientDocuments
  /** The registration of clients by themselves, and where their uses are noted. */
  readonly registration: Registration
  readonly registeredClients: Pick<Collection, 'used'>
  readonly resources: Resources
  readonly accounts: Accounts
  readonly signingKeys: SigningKeys
  readonly settings: Pick<Settings, 'current'>
  readonly mtls: Config['mtls']
  readonly restoreEpoch: RestoreEpoch
  readonly grants: readonly Grant[]
  /** Whether the engine answers plain requests for machine tokens too; for diagnosis. */
  readonly engineOnly: boolean
  readonly audit: Audit
  readonly logger: Logger
  readonly metrics: Metrics
  readonly pages: EnginePages
  readonly fetch: GuardedFetch
  readonly writeBudget: WriteBudget
  readonly endings: Endings
  readonly clock: Clock
  /** Whether people may make an account by themselves (`prompt=create`). */
  readonly canRegister: () => boolean
  /** Resources that are not in the database, such as the admin API. */
  readonly builtInResources: readonly Resource[]
  /** Returns the address and request id of a request, for audit events. */
  readonly origin: (ctx: Context) => Omit<AuditContext, 'actor'>
}

interface EndedClaims {
  readonly jti: string
  readonly status?: TokenStatus
}

export interface Oidc extends Deliveries {
  readonly middleware: Middleware
  readonly gateway: InteractionGateway
  readonly devices: DeviceGateway
  /** What clients ask of people without a browser (CIBA). */
  readonly approvals: Approvals
  readonly browserSessions: BrowserSessions
  readonly frontChannel: Pick<FrontChannel, 'logoutUrls'>
  /** Returns whether a verified JWT access token of ours was revoked, or issued before a restore. */
  hasEnded(claims: EndedClaims): Promise<boolean>
  /** Removes expired rows. Returns their number by table; undefined when there were none. */
  removeExpired(): Promise<Record<string, number> | undefined>
}

/** Builds the engine with the current signing keys, and again whenever they change. */
export function createOidc(deps: OidcDeps): Oidc {
  const storage = createStorage(deps)
  const lostDeps = { ...deps, ...storage, provider: () => current.provider }
  const grants = createGrants(deps.grants)
  const providerDeps = { ...createProviderDeps(deps, storage, (ctx) => lost(lostDeps, ctx)), grants }

  function build() {
    const keys = deps.signingKeys.current()
    const provider = createProvider(providerDeps, keys)
    noteUses(provider, deps.registeredClients.used)
    provider.use(dropUnverifiedHints(provider))
    provider.use(completeDiscovery(deps))
    provider.use(
      aroundEngine(provider, {
        grants,
        settler: storage.settler,
        lifetimes: storage.lifetimes,
        audit: deps.audit,
        logger: deps.logger,
        auditContext: deps.origin,
        counted: ({ grantType, error }) =>
          error === undefined ? deps.metrics.tokenIssued(grantType) : deps.metrics.tokenRefused(error),
      }),
    )
    provider.use(deviceAuthorizationEndpoint({ audit: deps.audit, auditContext: deps.origin }))
    return { provider, run: compose(provider.middleware) as Middleware, signers: currentSigners(keys) }
  }

  let current = build()
  deps.signingKeys.onChange(() => {
    current = build()
  })
  return {
    // `current` is read once a request, so a running request keeps the engine it began with
    middleware: compose([
      createStatusRoute(storage.statusLists),
      createRegistrationEndpoint(deps),
      ...(deps.engineOnly ? [] : [directPath(deps, storage, providerDeps, () => current.signers)]),
      (ctx, next) => current.run(ctx, next),
    ]),
    gateway: createGateway({ ...lostDeps, auditContext: deps.origin }),
    devices: createDeviceGateway({ ...lostDeps, current: (ctx) => currentInteraction(lostDeps, ctx) }),
    approvals: createApprovals({ ...deps, ...storage, provider: () => current.provider }),
    browserSessions: createBrowserSessions({ provider: () => current.provider, accounts: deps.accounts }),
    frontChannel: storage.frontChannel,
    ...createDeliveries({ ...deps, ...storage, provider: () => current.provider }),
    hasEnded: ({ jti, status }) => storage.statuses.hasEnded(jti, statusIndexOf(status)),
    async removeExpired() {
      const removed = await removeExpired(deps.db)
      return Object.keys(removed).length === 0 ? undefined : removed
    },
  }
}

function directPath(
  deps: OidcDeps,
  { lifetimes, settler, statusClaims }: ReturnType<typeof createStorage>,
  { requests }: Pick<ProviderDeps, 'requests'>,
  signers: DirectDeps['signers'],
): Middleware {
  const { issuer, clients, clientKeys, restoreEpoch, metrics } = deps
  return createDirectPath({
    issuer,
    clients,
    clientKeys,
    requests,
    restoreEpoch,
    lifetimes,
    statusOfClient: statusClaims.ofClient,
    settler,
    signers,
    auditContext: deps.origin,
    counted(grantType) {
      metrics.tokenIssued(grantType)
      metrics.tokenIssuedDirectly(grantType)
    },
  })
}

function createStorage({ db, issuer, keyring, clients, signingKeys, settings }: OidcDeps) {
  const lifetimes: Lifetimes = () => settings.current().lifetimes
  const statuses = createStatusStore(db)
  const artefacts = createArtefactStore(db)
  const sealer = createPayloadSealer(keyring)
  const graceSeconds = () => lifetimes().refresh_grace_seconds
  const statusLists = createStatusLists({ issuer, source: statuses, keys: () => signingKeys.current() })
  return {
    lifetimes,
    graceSeconds,
    wayBack: createWayBack({ issuer, keyring }),
    frontChannel: createFrontChannel({ issuer, clients }),
    artefacts,
    sealer,
    sessions: createSessionStore(db),
    consents: createConsentStore(db),
    statuses,
    statusLists,
    statusClaims: createStatusClaims(statuses, statusLists),
    tokens: createTokenStore(db),
    settler: createUnitSettler({
      db,
      artefacts,
      toRow: (insert) => toArtefactRow(sealer, insert),
      graceSeconds,
    }),
  }
}

function createProviderDeps(
  deps: OidcDeps,
  storage: ReturnType<typeof createStorage>,
  lostInteraction: ProviderDeps['lost'],
): Omit<ProviderDeps, 'grants'> {
  const { artefacts, sealer, sessions, consents, tokens, lifetimes } = storage
  return {
    ...deps,
    requests: createResourceRequests(deps.resources, deps.builtInResources),
    consents,
    lifetimes,
    adapter: createAdapterFactory({
      artefacts,
      db: deps.db,
      grants: createGrantStore(deps.db),
      endings: deps.endings,
      sessions: createSessionAdapter({ sessions, sealer, absoluteSeconds: () => lifetimes().session_absolute_seconds }),
      sealer,
      graceSeconds: storage.graceSeconds,
      admit: createAdmission(deps.writeBudget),
    }),
    lost: lostInteraction,
    wayBack: storage.wayBack,
    statuses: storage.statuses,
    statusOf: storage.statusClaims.ofToken,
    endSession: (uid) => endSession(deps, storage.frontChannel, uid),
    storeRequest: createRequestStore({ ...deps, sealer }),
    checkUserCode: createUserCodeCheck(deps),
    decideDevice: createDeviceDecisions({ ...deps, sealer, by: () => personHere(deps) }),
    deviceRefused: ({ clientId, reason }) =>
      deps.audit.record({ ...personHere(deps), type: 'device.refused', outcome: 'failure', clientId, reason }),
    poll: (kind, value) => orUnavailable(() => createWaitingStore(deps.db).poll(kind, rowId(value))),
    reserveNow: async (reservation) => {
      const [reused] = await orUnavailable(() => tokens.reserve([{ reservations: [reservation], audit: [] }]))
      return reused?.length === 0
    },
  }
}

/** Ends a session. A concurrent request that has read it cannot restore it. */
async function endSession(deps: OidcDeps, frontChannel: FrontChannel, uid: string): Promise<void> {
  const { ctx } = Provider
  const by = personHere(deps)
  const ended = await orUnavailable(() =>
    deps.db.transaction((trx) => endRecordedSessions(deps, trx, { uid }, { reason: 'signed_out', by })),
  )
  if (ctx) frontChannel.ended(ctx, ended)
}

/** Returns the audit context of the request that the engine handles: the person who is signed in, if any. */
function personHere({ origin }: Pick<OidcDeps, 'origin'>): AuditContext {
  const ctx = Provider.ctx
  const accountId = ctx?.oidc.session?.accountId
  return {
    ...(ctx ? origin(ctx) : {}),
    actor: accountId === undefined ? { kind: 'anonymous' } : { kind: 'account', id: accountId },
  }
}
