/** Builds the service of each room once, without HTTP, for the serving process and for tests. */
import { SYSTEM } from '#audit/audit.ts'
import { tendAuditPartitions } from '#audit/partitions.ts'
import { createSubjects, type Subjects } from '#clients/subjects.ts'
import type { Config } from '#config/config.ts'
import { isLoopback } from '#config/loopback.ts'
import type { Secrets } from '#config/secrets.ts'
import { untilAnswered } from '#database/reachable.ts'
import { createCsrf } from '#http/csrf.ts'
import { requestOrigin } from '#http/origin.ts'
import { createEnginePages } from '#interactions/engine-pages.ts'
import { createRequestMail, queueRequestMail, REQUEST_MAIL_TASK } from '#account-portal/request-mail.ts'
import { MAIL_TASK } from '#mail/mail.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import type { Grant } from '#oidc/grants/grant.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { createOidc } from '#oidc/oidc.ts'
import { PING_TASK } from '#oidc/grants/ciba/ping-notice.ts'
import { LOGOUT_TASK } from '#oidc/sign-out/logout-notice.ts'
import { seenRestoreEpoch } from '#oidc/restore-epoch/restore-epoch.ts'
import type { RestoreEpoch } from '#oidc/restore-epoch/restore-epoch-store.ts'
import { startOutbox } from '#outbox/outbox.ts'
import { startJobs } from '#outbox/schedule.ts'
import type { MethodsDeps } from '#sign-in/methods.ts'
import { type FoundationOverrides, type Foundations, openFoundations } from './services/foundations.ts'
import { createRegistrations, type Registrations } from './services/registrations.ts'
import { createRooms, type FurtherMethods, type Rooms } from './services/rooms.ts'

export interface ServicesInput {
  readonly config: Config
  readonly secrets: Pick<Secrets, 'masterKeys' | 'smtpUrl'>
  readonly databaseUrl: string
  readonly databaseDirectUrl: string
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Replacements that tests pass in; production uses the defaults. */
export interface ServiceOverrides extends FoundationOverrides {
  readonly grants?: readonly Grant[]
  readonly methods?: FurtherMethods
  readonly createHasher?: MethodsDeps['createHasher']
}

/** The parts from which the services of one process are assembled. */
export interface Parts {
  readonly foundations: Foundations
  readonly registrations: Registrations
  readonly grants: readonly Grant[]
  readonly methods?: FurtherMethods | undefined
  readonly createHasher?: MethodsDeps['createHasher']
  readonly restoreEpoch: RestoreEpoch
}

export type Services = ReturnType<typeof assembleServices>

/** Opens the services and starts the background work. `close` stops both. */
export async function createServices(
  input: ServicesInput,
  overrides: ServiceOverrides = {},
): Promise<Services & { close(): Promise<void> }> {
  const { services, foundations } = await openServices(input, overrides)
  const stopBackground = startBackground(services, input)
  return {
    ...services,
    async close() {
      await stopBackground()
      await foundations.close()
    },
  }
}

/** Opens the foundations, creates missing signing keys, reads the settings and assembles the rooms. */
export async function openServices(
  input: ServicesInput,
  { grants = GRANTS, methods, createHasher, ...overrides }: ServiceOverrides = {},
): Promise<{ services: Services; foundations: Foundations }> {
  const { config, secrets, databaseUrl, databaseDirectUrl, logger, metrics } = input
  const { fetchAllow, issuer, refusalsPerMinute, workers, mtls } = config
  const { masterKeys } = secrets
  const foundations = await openFoundations(
    { databaseUrl, databaseDirectUrl, masterKeys, fetchAllow, refusalsPerMinute, workers, logger, metrics },
    overrides,
  )
  const { signingKeys, settings } = foundations
  const [restoreEpoch] = await Promise.all([
    untilAnswered(() => seenRestoreEpoch(foundations.db), logger),
    // the settings first: they say for how long old keys are kept
    untilAnswered(() => settings.reload().then(() => signingKeys.ensure(SYSTEM)), logger),
  ])
  const registrations = createRegistrations(foundations, { issuer, mtls, grants, allowHttp: plainHttpRule(config) })
  return {
    services: assembleServices(input, { foundations, registrations, grants, methods, createHasher, restoreEpoch }),
    foundations,
  }
}

/** Returns the services of one process. Opens no connections and starts no background work. */
export function assembleServices(
  {
    config,
    secrets,
    logger,
    metrics,
  }: Pick<ServicesInput, 'config' | 'logger' | 'metrics'> & {
    readonly secrets: Pick<Secrets, 'smtpUrl'>
  },
  { foundations, registrations, grants, methods, createHasher, restoreEpoch }: Parts,
) {
  const { audit, keyring, signingKeys, settings, writeBudget, clock } = foundations
  const { clients, resources, clientKeys, documents, offers, registeredClients, initialAccessTokens } = registrations
  const { issuer } = config
  const { smtpUrl } = secrets
  const rooms = createRooms(
    { config, smtpUrl, logger, metrics, allowHttp: plainHttpRule(config), furtherMethods: methods, createHasher },
    foundations,
  )
  const { accounts, federation, signIn, verification } = rooms
  const subjects = createSubjects(keyring)
  const engineInput = { config, logger, metrics, subjects, accounts, federation, signIn, verification }
  const oidc = createEngine(engineInput, { foundations, registrations, grants, restoreEpoch })
  return {
    config,
    logger,
    metrics,
    clock,
    audit,
    keyring,
    signingKeys,
    settings,
    writeBudget,
    restoreEpoch,
    clients,
    clientKeys,
    documents,
    resources,
    offers,
    registeredClients,
    initialAccessTokens,
    ...rooms,
    subjects,
    oidc,
    mailRequests: createRequestMail({ ...foundations, ...rooms, ...oidc, ...verification, clients, logger }),
    csrf: createCsrf({ keys: keyring.derive('csrf'), issuer }),
  }
}

function createEngine(
  { config, logger, metrics, subjects, accounts, federation, signIn, verification }: EngineInput,
  { foundations, registrations, grants, restoreEpoch }: Omit<Parts, 'methods' | 'createHasher'>,
) {
  const { db, audit, keyring, signingKeys, settings, fetch, writeBudget, endings, clock } = foundations
  const { clients, resources, clientKeys, documents, adminResource, registration, registeredClients } = registrations
  const { issuer, production, engineOnly, mtls } = config
  return createOidc({
    issuer,
    engineOnly,
    mtls,
    db,
    endings,
    clock,
    keyring,
    subjects,
    clients,
    clientKeys,
    documents,
    registration,
    registeredClients,
    resources,
    accounts,
    signingKeys,
    settings,
    restoreEpoch,
    grants,
    audit,
    logger,
    metrics,
    pages: createEnginePages({ accounts, issuer, production, upstreamSignIn: federation.upstreamSignIn }),
    fetch,
    writeBudget,
    canRegister: verification.registration.isOpen,
    onApprovalRequest: [queueRequestMail],
    userCodes: signIn.userCodes,
    builtInResources: [adminResource],
    origin: requestOrigin,
  })
}

interface EngineInput extends Pick<Rooms, 'accounts' | 'federation' | 'signIn' | 'verification'> {
  readonly config: Pick<Config, 'issuer' | 'production' | 'engineOnly' | 'mtls'>
  readonly subjects: Subjects
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Returns whether plain http to a host is allowed: only to loopback hosts, and not in production. */
function plainHttpRule({ production }: Pick<Config, 'production'>): (host: string) => boolean {
  return (host) => !production && isLoopback(host)
}

/** Seals the password hashes that an earlier release left in plain. */
async function sealPasswords({ passwords }: Pick<Services['signIn'], 'passwords'>) {
  const sealed = await passwords.sealPlain()
  return sealed > 0 ? { sealed } : undefined
}

async function removeUnused(documents: Services['documents']) {
  const removed = await documents.removeUnused()
  return removed > 0 ? { client_documents: removed } : undefined
}

/** Starts the outbox and the jobs that remove expired rows and save key uses. Returns a function that stops them. */
function startBackground(
  services: Services,
  { databaseDirectUrl, logger }: Pick<ServicesInput, 'databaseDirectUrl' | 'logger'>,
): () => Promise<void> {
  const { oidc, signIn, verification, federation, clientKeys, documents, registeredClients } = services
  const { mail, mailRequests, audit, settings } = services
  const tasks = {
    [MAIL_TASK]: mail.deliver,
    [LOGOUT_TASK]: oidc.deliverLogout,
    [PING_TASK]: oidc.deliverPing,
    [REQUEST_MAIL_TASK]: mailRequests,
  }
  const stopOutbox = startOutbox({ url: databaseDirectUrl, tasks, logger })
  const everyMs = 60_000
  const stopJobs = startJobs(
    [
      { name: 'remove-expired', everyMs, run: () => oidc.removeExpired() },
      { name: 'remove-expired-proofs', everyMs, run: () => signIn.removeExpired() },
      { name: 'remove-expired-mail-proofs', everyMs, run: () => verification.removeExpired() },
      { name: 'remove-expired-upstream', everyMs, run: () => federation.removeExpired() },
      { name: 'remove-unused-documents', everyMs: 10 * everyMs, run: () => removeUnused(documents) },
      { name: 'seal-passwords', everyMs, run: () => sealPasswords(signIn) },
      { name: 'count-refusals', everyMs, run: () => audit.recordCounts(false) },
      {
        name: 'tend-audit-partitions',
        everyMs: 60 * everyMs,
        run: () => tendAuditPartitions({ url: databaseDirectUrl, days: settings.current().audit.retention_days }),
      },
      { name: 'note-client-uses', everyMs, run: () => registeredClients.flush().then(() => undefined) },
      { name: 'collect-unused-clients', everyMs: 60 * everyMs, run: () => registeredClients.collect() },
      { name: 'note-key-uses', everyMs, run: () => clientKeys.flush().then(() => undefined) },
    ],
    logger,
  )
  return async () => {
    await Promise.all([stopJobs(), stopOutbox()])
    await audit.recordCounts(true).catch((error: unknown) => logger.warn({ err: error }, 'refusals were not counted'))
    await registeredClients
      .flush()
      .catch((error: unknown) => logger.warn({ err: error }, 'uses of clients were not written'))
    await clientKeys.flush().catch((error: unknown) => logger.warn({ err: error }, 'uses of keys were not written'))
  }
}
