/** Builds each room's service once, without HTTP; used by the serving process and by tests only. */
import { builtInAdminResource } from '#admin/scopes.ts'
import type { Accounts } from '#accounts/account.ts'
import { createAccounts } from '#accounts/accounts.ts'
import { SYSTEM } from '#audit/audit.ts'
import { createAudit } from '#audit/recorder.ts'
import { createClients } from '#clients/clients.ts'
import { createClientKeys } from '#clients/managed-keys.ts'
import type { Config } from '#config/config.ts'
import { isLoopback } from '#config/loopback.ts'
import type { Secrets } from '#config/secrets.ts'
import type { SealedColumn } from '#sealing/sealed-column.ts'
import { createNotifications } from '#database/notify.ts'
import { createDatabase } from '#database/pool.ts'
import { createCsrf } from '#http/csrf.ts'
import { createGuardedFetch, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import { requestOrigin } from '#http/origin.ts'
import { createEnginePages } from '#interactions/engine-pages.ts'
import { startOutbox } from '#outbox/outbox.ts'
import { startJobs } from '#outbox/schedule.ts'
import { createMail, type Mail, MAIL_TASK } from '#mail/mail.ts'
import { SEALED_KEPT_MAILS } from '#mail/sealed-kept-mails.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { createAccountAccess, endAccountAccess, endClientAccess } from '#oidc/sessions/account-access.ts'
import { createEndings, type EndingSubscribers } from '#oidc/endings/endings.ts'
import { SEALED_PAYLOADS } from '#oidc/adapter/sealing.ts'
import { SEALED_SEEN_FROM } from '#oidc/sessions/seen-from.ts'
import type { Grant } from '#oidc/grants/grant.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import { createOidc } from '#oidc/oidc.ts'
import { seenRestoreEpoch } from '#oidc/restore-epoch/restore-epoch.ts'
import { createResources } from '#resources/resources.ts'
import type { Resource, Resources } from '#resources/resource.ts'
import { createSettings, type ManagedSettings } from '#settings/settings.ts'
import { type Clock, systemClock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createVerification } from '#verification/verification.ts'
import { createFederation } from '#federation/federation.ts'
import { SEALED_EMAIL_CODES } from '#verification/email-code/sealed-codes.ts'
import { SEALED_EMAIL_VERIFICATIONS } from '#verification/email-verification/sealed-email-verifications.ts'
import { SEALED_CREDENTIALS } from '#federation/credentials.ts'
import { SEALED_UPSTREAM_REQUESTS } from '#federation/requests.ts'
import { createBreachRange } from '#sign-in/password/breach-range.ts'
import { createMethods } from '#sign-in/methods.ts'
import type { SignInMethod } from '#sign-in/sign-in-method.ts'
import { SEALED_TOTP_SECRETS } from '#sign-in/totp/sealed-secrets.ts'
import { SEALED_PRIVATE_PARTS } from '#signing-keys/key-changes.ts'
import { SEALED_PEPPER, withPepper } from '#sealing/master-key-store.ts'
import { createMasterKeys } from '#sealing/master-keys.ts'
import { createSigningKeys, type ManagedSigningKeys } from '#signing-keys/signing-keys.ts'

/** A token endpoint checks our signature, and somebody waits at the browser. */
const UPSTREAM_TIMEOUT_MS = 10_000

export interface ServicesInput {
  readonly config: Config
  readonly secrets: Secrets
  readonly databaseUrl: string
  readonly databaseDirectUrl: string
  readonly logger: Logger
  readonly metrics: Metrics
}

/** What tests hand in place of what production makes; a server is never started with any. */
export interface ServiceOverrides {
  readonly clock?: Clock
  /** For every request that goes out: of clients' keys, breached passwords and upstream providers. */
  readonly fetch?: GuardedFetch
  readonly grants?: readonly Grant[]
  /** Further sign-in methods. */
  readonly methods?: (rooms: { readonly accounts: Accounts }) => readonly SignInMethod[]
  /** Subscribers to sessions and grants that end. */
  readonly endings?: EndingSubscribers
}

/** Every column that holds sealed values. One that is missing here is lost with the master key that sealed it. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  SEALED_PEPPER,
  SEALED_PRIVATE_PARTS,
  SEALED_KEPT_MAILS,
  SEALED_EMAIL_CODES,
  SEALED_EMAIL_VERIFICATIONS,
  SEALED_CREDENTIALS,
  ...SEALED_UPSTREAM_REQUESTS,
  ...SEALED_TOTP_SECRETS,
  ...SEALED_PAYLOADS,
  SEALED_SEEN_FROM,
]

export type Services = Awaited<ReturnType<typeof createServices>>

/** Opens the pool and the notifications, makes missing signing keys, and wires the rooms together. */
export async function createServices(input: ServicesInput, overrides: ServiceOverrides = {}) {
  const { config, logger, metrics } = input
  const { issuer } = config
  const foundations = await openFoundations(input, overrides)
  const { db, fetch, notifications, clock: _, ...kept } = foundations
  const { removals, builtInResource, ...rooms } = createRooms(input, foundations, overrides)
  const restoreEpoch = await seenRestoreEpoch(db)
  const oidc = createOidc({
    ...kept,
    ...rooms,
    db,
    fetch,
    issuer,
    restoreEpoch,
    logger,
    metrics,
    pages: createEnginePages({ accounts: rooms.accounts, issuer, upstreamSignIn: rooms.upstreamSignIn }),
    builtInResources: [builtInResource],
    origin: requestOrigin,
  })
  const { clientKeys, mail } = rooms
  const stopOutbox = startOutbox({ url: input.databaseDirectUrl, tasks: { [MAIL_TASK]: mail.deliver }, logger })
  const stopJobs = startJobs(
    [
      { name: 'remove-expired', everyMs: 60_000, run: () => oidc.removeExpired() },
      ...Object.entries(removals).map(([name, run]) => ({ name, everyMs: 60_000, run })),
      { name: 'note-key-uses', everyMs: 60_000, run: () => clientKeys.flush().then(() => undefined) },
    ],
    logger,
  )
  return {
    config,
    logger,
    metrics,
    restoreEpoch,
    ...kept,
    ...rooms,
    adminResource: builtInResource.identifier,
    oidc,
    csrf: createCsrf({ keys: kept.keyring.derive('csrf'), issuer }),
    async close(): Promise<void> {
      await Promise.all([stopJobs(), stopOutbox()])
      await clientKeys.flush().catch((error: unknown) => logger.warn({ err: error }, 'uses of keys were not written'))
      kept.settings.close()
      kept.signingKeys.close()
      await notifications.close()
      await db.close()
    },
  }
}

/** What every room needs: the database, its notifications, keys, settings, the audit log, and the way out. */
async function openFoundations(
  input: ServicesInput,
  { clock = systemClock, grants = GRANTS, fetch, endings = { sessions: [], grants: [] } }: ServiceOverrides,
) {
  const { config, secrets, databaseUrl, databaseDirectUrl, logger, metrics } = input
  const db = createDatabase({ url: databaseUrl, logger, applicationName: 'signet' })
  metrics.watchPool(() => db.stats())
  // together, as each opens a connection
  const [keyring, notifications] = await Promise.all([
    withPepper(db, createKeyring(secrets.masterKeys)),
    createNotifications({ url: databaseDirectUrl, logger }),
  ])
  const audit = createAudit({ db })
  const [signingKeys, settings] = await Promise.all([
    openSigningKeys({ db, notifications, audit, keyring, clock }, logger),
    openSettings({ db, notifications, audit, clock }, logger),
  ])
  return {
    db,
    keyring,
    notifications,
    audit,
    signingKeys,
    settings,
    clock,
    grants,
    endings: createEndings(endings),
    fetch: fetch ?? createGuardedFetch({ allow: config.fetchAllow }),
  }
}

type Foundations = Awaited<ReturnType<typeof openFoundations>>

/** The rooms below the engine, and what each of them forgets by and by. */
function createRooms(
  { config, secrets, logger, metrics }: ServicesInput,
  foundations: Foundations,
  overrides: ServiceOverrides,
) {
  const { db, keyring, audit, settings, endings } = foundations
  const deps = { ...foundations, issuer: config.issuer }
  // plain http is for development on one machine
  const allowHttp = (host: string) => !config.production && isLoopback(host)
  const brand = () => settings.current().brand.name
  const builtInResource = builtInAdminResource(config.issuer)
  const registered = createRegistered(deps, builtInResource, { allowHttpJwksUri: allowHttp })
  const accounts = createAccounts({
    ...deps,
    onEnd: [(trx, { sub, reason }) => endAccountAccess(endings, trx, sub, `account_${reason}`)],
  })
  const mail = createMail({ ...deps, config, smtpUrl: secrets.smtpUrl, logger, metrics, brand })
  const { removals, ...signIn } = createSignIn({ ...deps, accounts, mail, brand, allowHttp, config, logger }, overrides)
  return {
    ...registered,
    clientKeys: createClientKeys({ ...deps, clients: registered.clients }),
    accounts,
    accountAccess: createAccountAccess({ db, audit, endings, keyring }),
    mail,
    ...signIn,
    masterKeys: createMasterKeys({ db, keyring, sealed: SEALED_COLUMNS }),
    builtInResource,
    removals,
  }
}

interface SignInDeps extends Foundations, Pick<ServicesInput, 'config' | 'logger'> {
  readonly issuer: string
  readonly accounts: Accounts
  readonly mail: Mail
  readonly brand: () => string
  readonly allowHttp: (host: string) => boolean
}

/** How people sign in: the methods, what they do by mail, and upstream providers. */
function createSignIn(rooms: SignInDeps, overrides: ServiceOverrides) {
  const { settings, fetch, accounts, config, logger } = rooms
  const onError = (error: unknown) => logger.warn({ err: error }, 'the list of breached passwords was not asked')
  const breachRange = createBreachRange({ fetch, url: () => settings.current().passwords.breach_range_url, onError })
  // federation hands its row to the registry, and asks it about the others
  const { method, ...federation } = createFederation({
    ...rooms,
    fetch: overrides.fetch ?? createGuardedFetch({ allow: config.fetchAllow, timeoutMs: UPSTREAM_TIMEOUT_MS }),
    isReserved: (amr) => methods.methods.reserved.has(amr),
    assertNotLastCredential: (trx, sub) => methods.assertNotLastCredential(trx, sub),
  })
  const methods = createMethods({
    ...rooms,
    maxWaiting: () => settings.current().limits.waiting_passwords,
    breachRange,
    further: [method, ...(overrides.methods?.({ accounts }) ?? [])],
  })
  const verification = createVerification({
    ...rooms,
    passwords: methods.passwords,
    endAccess: (trx, sub) => endAccountAccess(rooms.endings, trx, sub, 'password_reset'),
  })
  const { removeExpired: _, ...services } = { ...methods, ...verification, ...federation }
  return {
    ...services,
    removals: {
      'remove-expired-proofs': methods.removeExpired,
      'remove-expired-mail-proofs': verification.removeExpired,
      'remove-expired-upstream': federation.removeExpired,
    },
  }
}

/** The signing keys, with those that are missing made. */
async function openSigningKeys(
  deps: Omit<Parameters<typeof createSigningKeys>[0], 'onError'>,
  logger: Logger,
): Promise<ManagedSigningKeys> {
  const onError = (error: unknown) =>
    logger.warn({ err: error }, 'the signing keys could not be read; they are tried again')
  const signingKeys = createSigningKeys({ ...deps, onError })
  await signingKeys.ensure(SYSTEM)
  return signingKeys
}

async function openSettings(
  deps: Omit<Parameters<typeof createSettings>[0], 'onError'>,
  logger: Logger,
): Promise<ManagedSettings> {
  const onError = (error: unknown) =>
    logger.warn({ err: error }, 'the settings could not be read; they are tried again')
  const settings = createSettings({ ...deps, onError })
  await settings.reload()
  return settings
}

/** Clients and resources know of each other: a client's allowances name resources, a removed resource leaves them. */
function createRegistered(
  deps: Foundations,
  adminResource: Resource,
  rules: { allowHttpJwksUri: (host: string) => boolean },
) {
  const offers = offersOf(deps.grants)
  const clients = createClients({
    ...deps,
    ...rules,
    offers,
    onRemove: (trx, id) => endClientAccess(deps.endings, trx, id),
    findResource: async (identifier) =>
      identifier === adminResource.identifier
        ? adminResource
        : ((await resources.read(identifier)) ?? resources.find(identifier)),
  })
  const resources: Resources = createResources({
    ...deps,
    reserved: [adminResource.identifier],
    onRemove: clients.forgetResource,
  })
  return { clients, resources, offers }
}
