/**
 * Fetches and caches the keys behind a client's `jwks_uri`: how long they are trusted, when they are fetched again, and
 * what happens when a fetch fails.
 */
import { type Audit, SYSTEM } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import { notify } from '#database/notify.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import { CLIENTS_CHANNEL } from './client-changes.ts'
import type { Client, FetchedKeys, PublishedKeys } from './client.ts'
import { KeysNotFetched } from './errors.ts'
import { fetchKeys } from './fetch-keys.ts'
import { createKeyStore } from './key-store.ts'
import { keyThumbprint } from './key-thumbprint.ts'

/** Minimum seconds between two fetches for one client, on each node, when a key is unknown or does not verify. */
const UNKNOWN_KEY_INTERVAL = 60
/** Seconds until a failed fetch is tried again, with and without keys to fall back on. */
const RETRY_INTERVAL = 30
const FIRST_RETRY_INTERVAL = 10
/** Seconds for which the last good keys are trusted while fetches fail. */
const LAST_GOOD_AGE = 86_400
const MAX_REMEMBERED = 10_000

export interface PublishedKeysDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  readonly fetch: GuardedFetch
  /** Reads a client from PostgreSQL. */
  readonly read: (id: string) => Promise<Client | undefined>
  /** Called after this process stored the keys of a client. */
  readonly changed: (id: string) => void
}

/** The recent fetches of this process for one client, in epoch milliseconds. */
interface Attempts {
  forcedAt?: number
  failed?: { readonly at: number; readonly error: unknown }
}

export interface KeyFetches {
  /** Whether a key that is unknown or does not verify may cause a fetch while the known set is still fresh. */
  mayForce(client: Client): boolean
  /**
   * Returns keys that can be trusted now: those that another node has fetched in the meantime, newly fetched ones, or
   * the last good ones. Concurrent calls share one fetch. Throws KeysNotFetched when there are none.
   */
  refresh(client: Client, known: PublishedKeys | undefined): Promise<PublishedKeys>
  /**
   * Fetches even if the known keys are fresh. `also` runs in the transaction that stores them. Throws KeysNotFetched.
   */
  fetchNow(client: Client, also: (trx: Queryable) => Promise<void>): Promise<PublishedKeys>
  /** Forgets earlier attempts for a client, so that the next call can fetch again. */
  forget(id: string): void
}

/** Creates the one instance of a process. It outlives the engines, which are replaced when the signing keys change. */
export function createKeyFetches(deps: PublishedKeysDeps): KeyFetches {
  const { clock } = deps
  const attempts = new Map<string, Attempts>()
  const running = new Map<string, Promise<PublishedKeys>>()
  const nowMs = () => clock.now().getTime()

  function attemptsOf(id: string): Attempts {
    const found = attempts.get(id) ?? {}
    if (attempts.size >= MAX_REMEMBERED) attempts.clear()
    return attempts.set(id, found) && found
  }

  async function ask(client: Client, known: PublishedKeys | undefined): Promise<PublishedKeys> {
    const recorded = await recordedKeys(deps, client)
    const last = recorded ?? known
    // another node has fetched since this one read the client
    if (last && last.fetchedAt.getTime() > (known?.fetchedAt.getTime() ?? 0) && isFresh(last, clock.now())) return last
    const tried = attemptsOf(client.id)
    const usable = last && isUsable(last, clock.now()) ? last : undefined
    const pauseMs = (usable ? RETRY_INTERVAL : FIRST_RETRY_INTERVAL) * 1000
    if (tried.failed && nowMs() - tried.failed.at < pauseMs) return fallBack(tried.failed, usable)
    let fetched: FetchedKeys
    try {
      fetched = await fetchKeys(deps.fetch, addressOf(client), clock)
    } catch (error) {
      tried.failed = { at: nowMs(), error }
      await orWithout(() => recordFailure(deps, client, error))
      return fallBack(tried.failed, usable)
    }
    delete tried.failed
    await orWithout(() => record(deps, client, { before: last, fetched }))
    return fetched
  }

  return {
    mayForce: ({ id }) => nowMs() - (attempts.get(id)?.forcedAt ?? -Infinity) >= UNKNOWN_KEY_INTERVAL * 1000,
    refresh(client, known) {
      const key = `${client.id} ${addressOf(client)}`
      let asked = running.get(key)
      if (!asked) {
        if (known && isFresh(known, clock.now())) attemptsOf(client.id).forcedAt = nowMs()
        asked = ask(client, known).finally(() => running.delete(key))
        running.set(key, asked)
      }
      return asked
    },
    async fetchNow(client, also) {
      const fetched = await fetchKeys(deps.fetch, addressOf(client), clock)
      await record(deps, client, { before: client.publishedKeys, fetched, also })
      return fetched
    },
    forget: (id) => void attempts.delete(id),
  }
}

export function isFresh({ freshUntil }: PublishedKeys, now: Date): boolean {
  return now < freshUntil
}

function isUsable({ fetchedAt }: PublishedKeys, now: Date): boolean {
  return now.getTime() - fetchedAt.getTime() < LAST_GOOD_AGE * 1000
}

export function addressOf(client: Client): string {
  return String(client.metadata.jwks_uri)
}

/** Returns the last good keys, fresh until the next attempt. Throws the error of the fetch when there are none. */
function fallBack({ at, error }: NonNullable<Attempts['failed']>, usable: PublishedKeys | undefined): PublishedKeys {
  if (!usable) throw error
  return { ...usable, freshUntil: new Date(at + RETRY_INTERVAL * 1000) }
}

async function recordedKeys({ read }: PublishedKeysDeps, client: Client): Promise<PublishedKeys | undefined> {
  const recorded = await orWithout(() => read(client.id))
  return recorded && addressOf(recorded) === addressOf(client) ? recorded.publishedKeys : undefined
}

interface Fetched {
  readonly before: PublishedKeys | undefined
  readonly fetched: FetchedKeys
  readonly also?: (trx: Queryable) => Promise<void>
}

/**
 * Stores the fetched keys for all nodes. When the set has changed, an audit event is recorded and the nodes are
 * notified.
 */
async function record(deps: PublishedKeysDeps, client: Client, { before, fetched, also }: Fetched): Promise<void> {
  const was = new Set(before?.keys.map(keyThumbprint))
  const is = new Set(fetched.keys.map(keyThumbprint))
  const [added, removed] = [[...is].filter((key) => !was.has(key)), [...was].filter((key) => !is.has(key))]
  const isSame = before !== undefined && added.length === 0 && removed.length === 0
  const detail = { added, removed, ...(fetched.ignored > 0 ? { ignored: fetched.ignored } : {}) }
  const write = (db: Queryable) => createKeyStore(db).fetched(client.id, addressOf(client), fetched)
  if (isSame && !also) {
    await write(deps.db)
  } else {
    await deps.db.transaction(async (trx) => {
      await write(trx)
      await createKeyStore(trx).seen(client.id, fetched.keys, fetched.fetchedAt)
      if (!isSame) {
        const subject = { kind: 'client', id: client.id }
        const told = { type: 'client.keys_changed', outcome: 'success', subject, clientId: client.id, detail } as const
        await deps.audit.recordIn(trx, { ...SYSTEM, ...told })
      }
      await also?.(trx)
      await notify(trx, CLIENTS_CHANNEL, client.id)
    })
  }
  deps.changed(client.id)
}

async function recordFailure({ db, clock }: PublishedKeysDeps, client: Client, error: unknown): Promise<void> {
  await createKeyStore(db).failed(client.id, { uri: addressOf(client), error: reasonOf(error), at: clock.now() })
}

export function reasonOf(error: unknown): string {
  if (error instanceof KeysNotFetched) return error.reason
  throw error
}

/**
 * Returns undefined while the database is unavailable. Keys can be verified without it, and a request that needs the
 * database for more reports the error itself.
 */
async function orWithout<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return undefined
    throw error
  }
}
