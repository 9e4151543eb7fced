/** Opens what every room needs: database, notifications, keys, settings, audit log, clock and guarded fetch. */
import type { Audit } from '#audit/audit.ts'
import { createAudit } from '#audit/recorder.ts'
import { createRefusals } from '#audit/refusals.ts'
import type { Database, Notifications } from '#database/database.ts'
import { createNotifications } from '#database/notify.ts'
import { createDatabase } from '#database/pool.ts'
import { untilAnswered } from '#database/reachable.ts'
import { createWriteBudget, type WriteBudget } from '#http/write-budget.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { createEndings, type Endings, type EndingSubscribers } from '#oidc/endings/endings.ts'
import { queueSessionLogouts } from '#oidc/sign-out/logout-notice.ts'
import { createGuardedFetch, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import { createKeyring, type Keyring } from '#sealing/keyring.ts'
import { withPepper } from '#sealing/master-key-store.ts'
import { createSettings, type ManagedSettings } from '#settings/settings.ts'
import { type Clock, systemClock } from '#shared/clock.ts'
import { endRegistrationLinks } from '#verification/registration-links.ts'
import type { GenerateKeyPair } from '#signing-keys/key-changes.ts'
import { createSigningKeys, type ManagedSigningKeys } from '#signing-keys/signing-keys.ts'

/**
 * Longer than the default, because an upstream token endpoint verifies our signature before it answers. Bounded,
 * because a person waits at the browser.
 */
const UPSTREAM_TIMEOUT_MS = 10_000

export interface FoundationsInput {
  readonly databaseUrl: string
  readonly databaseDirectUrl: string
  readonly masterKeys: readonly Uint8Array[]
  /** Private hosts and ranges that outgoing requests may reach. */
  readonly fetchAllow: readonly string[]
  /** Refusals of a kind that are recorded in full for each address and minute. */
  readonly refusalsPerMinute: number
  /** The serving processes of this server, which share its budgets evenly. */
  readonly workers: number
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'watchPool'>
}

/** Replacements that tests pass in; production uses the defaults. */
export interface FoundationOverrides {
  readonly clock?: Clock
  /** Makes the signing keys. */
  readonly generateKeyPair?: GenerateKeyPair
  /** Used for all outgoing requests: client keys, breached passwords, upstream providers. */
  readonly fetch?: GuardedFetch
  /** Further subscribers that are called when sessions and grants end. */
  readonly endings?: EndingSubscribers
}

export interface Foundations {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly keyring: Keyring
  readonly signingKeys: ManagedSigningKeys
  readonly settings: ManagedSettings
  readonly clock: Clock
  readonly endings: Endings
  /** Limits what requests without a signed-in person write, for each network. */
  readonly writeBudget: WriteBudget
  readonly fetch: GuardedFetch
  /** Like `fetch`, with a longer timeout. */
  readonly upstreamFetch: GuardedFetch
  close(): Promise<void>
}

/** Opens the database pool and the notifications. Does not create signing keys or read the settings. */
export async function openFoundations(
  input: FoundationsInput,
  { clock = systemClock, generateKeyPair, fetch, endings = { sessions: [], grants: [] } }: FoundationOverrides = {},
): Promise<Foundations> {
  const { databaseUrl, databaseDirectUrl, masterKeys, fetchAllow: allow, logger, metrics } = input
  const db = createDatabase({ url: databaseUrl, logger, applicationName: 'signet' })
  metrics.watchPool(() => db.stats())
  // each opens a connection, so both run at once
  const [keyring, notifications] = await Promise.all([
    untilAnswered(() => withPepper(db, createKeyring(masterKeys)), logger),
    untilAnswered(() => createNotifications({ url: databaseDirectUrl, logger }), logger),
  ])
  const refusals = createRefusals({ now: () => clock.now().getTime(), inFull: input.refusalsPerMinute })
  const audit = createAudit({ db, refusals })
  const warn = (what: string) => (error: unknown) =>
    logger.warn({ err: error }, `the ${what} could not be read; they are tried again`)
  const onError = warn('settings')
  const settings = createSettings({ db, notifications, audit, clock, onError, onChange: [endRegistrationLinks] })
  const signingKeys = createSigningKeys({
    db,
    notifications,
    audit,
    keyring,
    clock,
    generateKeyPair,
    hintSeconds: () => hintSeconds(settings),
    onError: warn('signing keys'),
  })
  return {
    db,
    notifications,
    audit,
    keyring,
    signingKeys,
    settings,
    clock,
    endings: createEndings({ ...endings, sessions: [queueSessionLogouts, ...endings.sessions] }),
    writeBudget: createWriteBudget({
      clock,
      megabytesPerHour: () => settings.current().limits.anonymous_megabytes_per_hour / input.workers,
    }),
    fetch: fetch ?? createGuardedFetch({ allow }),
    upstreamFetch: fetch ?? createGuardedFetch({ allow, timeoutMs: UPSTREAM_TIMEOUT_MS }),
    async close() {
      settings.close()
      signingKeys.close()
      await notifications.close()
      await db.close()
    },
  }
}

/** Returns how long an app may hold an ID token whose session or refresh token is still alive. */
function hintSeconds(settings: Pick<ManagedSettings, 'current'>): number {
  const { refresh_token_absolute_seconds: refreshToken, session_absolute_seconds: session } =
    settings.current().lifetimes
  return Math.max(refreshToken, session)
}
