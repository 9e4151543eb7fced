/** The keys behind a client's `jwks_uri`: how long a set is believed, when it is asked for again, what if it fails. */
import { type Audit, SYSTEM } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import { notify } from '#database/notify.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import type { Clock } from '#shared/clock.ts'
import { CLIENTS_CHANNEL } from './client-changes.ts'
import type { Client, PublishedKeys } from './client.ts'
import { KeysNotFetched } from './errors.ts'
import { fetchKeys } from './fetch-keys.ts'
import { createKeyStore } from './key-store.ts'
import { keyThumbprint } from './key-thumbprint.ts'

/** Seconds between two fetches that a key which is not in the set (or does not verify) may cause, on each node. */
const UNKNOWN_KEY_INTERVAL = 60
/** Seconds until a fetch that failed is tried again: with keys to fall back on, and without any. */
const RETRY_INTERVAL = 30
const FIRST_RETRY_INTERVAL = 10
/** Seconds for which the last good keys are believed while their host does not answer. */
const LAST_GOOD_AGE = 86_400
const MAX_REMEMBERED = 10_000

export interface PublishedKeysDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  readonly fetch: GuardedFetch
  /** From PostgreSQL. */
  readonly read: (id: string) => Promise<Client | undefined>
  /** Called after this process changed what is known of a client. */
  readonly changed: (id: string) => void
}

/** What this process tried for a client, in epoch milliseconds. */
interface Attempts {
  forcedAt?: number
  failed?: { readonly at: number; readonly error: unknown }
}

export interface KeyFetches {
  /** Whether a key that is unknown, or does not verify, is a reason to ask again before the set is stale. */
  mayForce(client: Client): boolean
  /**
   * Keys that may be believed now: those that another node fetched meanwhile, freshly fetched ones, or the last good
   * ones. Concurrent calls share one fetch. Throws why there are none.
   */
  refresh(client: Client, known: PublishedKeys | undefined): Promise<PublishedKeys>
  /** Fetches whatever is known, and writes it as `also` wants in the same transaction. Throws why nothing came. */
  fetchNow(client: Client, also: (trx: Queryable) => Promise<void>): Promise<PublishedKeys>
  /** Forgets what was tried for a client, so that it is tried again. */
  forget(id: string): void
}

/** One for all engines of a process: what it remembers outlives a change of the signing keys. */
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
    // another node has asked since this one read the client
    if (last && last.fetchedAt.getTime() > (known?.fetchedAt.getTime() ?? 0) && isFresh(last, clock.now())) return last
    const tried = attemptsOf(client.id)
    const usable = last && isUsable(last, clock.now()) ? last : undefined
    const pauseMs = (usable ? RETRY_INTERVAL : FIRST_RETRY_INTERVAL) * 1000
    if (tried.failed && nowMs() - tried.failed.at < pauseMs) return fallBack(tried.failed, usable)
    let fetched: PublishedKeys
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

/** The last good keys until it is tried again; throws why there are none. */
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
  readonly fetched: PublishedKeys
  readonly also?: (trx: Queryable) => Promise<void>
}

/** For all nodes: those who read the client next have the new set, and are told when it is another one. */
async function record(deps: PublishedKeysDeps, client: Client, { before, fetched, also }: Fetched): Promise<void> {
  const was = new Set(before?.keys.map(keyThumbprint))
  const is = new Set(fetched.keys.map(keyThumbprint))
  const detail = { added: [...is].filter((key) => !was.has(key)), removed: [...was].filter((key) => !is.has(key)) }
  const isSame = before !== undefined && detail.added.length === 0 && detail.removed.length === 0
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

/** The database keeps the set for others; whether it can is told by the request that needs it for more. */
async function orWithout<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return undefined
    throw error
  }
}
