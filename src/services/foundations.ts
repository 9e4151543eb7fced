/** What every room needs: the database and its notifications, keys, settings, the audit log, the clock and outgoing requests. */
import type { Audit } from '#audit/audit.ts'
import { createAudit } from '#audit/recorder.ts'
import type { Database, Notifications } from '#database/database.ts'
import { createNotifications } from '#database/notify.ts'
import { createDatabase } from '#database/pool.ts'
import type { Logger } from '#observability/logger.ts'
import type { Metrics } from '#observability/metrics.ts'
import { createEndings, type Endings, type EndingSubscribers } from '#oidc/endings/endings.ts'
import { createGuardedFetch, type GuardedFetch } from '#outbound/guarded-fetch.ts'
import { createKeyring, type Keyring } from '#sealing/keyring.ts'
import { withPepper } from '#sealing/master-key-store.ts'
import { createSettings, type ManagedSettings } from '#settings/settings.ts'
import { type Clock, systemClock } from '#shared/clock.ts'
import { createSigningKeys, type ManagedSigningKeys } from '#signing-keys/signing-keys.ts'

/** An upstream token endpoint checks our signature, while a person waits at the browser. */
const UPSTREAM_TIMEOUT_MS = 10_000

export interface FoundationsInput {
  readonly databaseUrl: string
  readonly databaseDirectUrl: string
  readonly masterKeys: readonly Uint8Array[]
  /** Hosts and ranges that outgoing fetches may reach although they are private. */
  readonly fetchAllow: readonly string[]
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'watchPool'>
}

/** What tests hand in; production uses the defaults. */
export interface FoundationOverrides {
  readonly clock?: Clock
  /** For every outgoing request: clients' keys, breached passwords, upstream providers. */
  readonly fetch?: GuardedFetch
  /** Subscribers to sessions and grants that end. */
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
  readonly fetch: GuardedFetch
  /** As `fetch`, with more time. */
  readonly upstreamFetch: GuardedFetch
  close(): Promise<void>
}

/** Opens the pool and the notifications. It does not create signing keys or read settings yet. */
export async function openFoundations(
  { databaseUrl, databaseDirectUrl, masterKeys, fetchAllow: allow, logger, metrics }: FoundationsInput,
  { clock = systemClock, fetch, endings = { sessions: [], grants: [] } }: FoundationOverrides = {},
): Promise<Foundations> {
  const db = createDatabase({ url: databaseUrl, logger, applicationName: 'signet' })
  metrics.watchPool(() => db.stats())
  // each opens a connection, so both run at once
  const [keyring, notifications] = await Promise.all([
    withPepper(db, createKeyring(masterKeys)),
    createNotifications({ url: databaseDirectUrl, logger }),
  ])
  const audit = createAudit({ db })
  const warn = (what: string) => (error: unknown) =>
    logger.warn({ err: error }, `the ${what} could not be read; they are tried again`)
  const signingKeys = createSigningKeys({ db, notifications, audit, keyring, clock, onError: warn('signing keys') })
  const settings = createSettings({ db, notifications, audit, clock, onError: warn('settings') })
  return {
    db,
    notifications,
    audit,
    keyring,
    signingKeys,
    settings,
    clock,
    endings: createEndings(endings),
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
