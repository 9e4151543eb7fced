/** Fetches a document once for all nodes, however many requests ask at once, and falls back on the last good one. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Notifications } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import { createLeakyBuckets } from '#http/leaky-buckets.ts'
import type { WriteBudget } from '#http/write-budget.ts'
import type { GuardedFetch } from '#outbound/guarded-fetch.ts'
import { type ClientChangeDeps, CLIENTS_CHANNEL } from '../client-changes.ts'
import type { ManagedClients } from '../clients.ts'
import type { Client } from '../client.ts'
import { ClientDocumentRefused, TooManyDocuments } from '../errors.ts'
import { recordDocument } from './document-changes.ts'
import { type Claim, createDocumentStore, type DocumentState } from './document-store.ts'
import { fetchDocument } from './fetch-document.ts'

/** Longer than a fetch can take, so that a node that dies delays the others only so long. */
const CLAIM_MS = 5000
/** How often a waiting request looks, in case the notification of another node is lost. */
const LOOK_MS = 250
/** Seconds until a failed fetch is tried again. It is no cache of the answer, only a pause (RFC 9111 §4.2.2). */
const RETRY_SECONDS = 30
/** Seconds for which the last good document is used while fetches fail. */
const LAST_GOOD_AGE = 86_400
/** A fetch counts as much as this many bytes in the budget of the network that causes it. */
const FETCH_BYTES = 64 * 1024
/** How many unknown documents one host is asked for: at once, and over time. */
const PER_HOST = { burst: 20, perSecond: 1 / 6 }
/** How many unknown documents one process fetches at once. */
const MAX_RUNNING = 50

export interface RefreshDeps extends ClientChangeDeps {
  readonly notifications: Notifications
  readonly fetch: GuardedFetch
  readonly clients: Pick<ManagedClients, 'find' | 'read' | 'forget'>
  readonly writeBudget: WriteBudget
}

export type Refresh = (
  id: string,
  known: Client | undefined,
  address: string | undefined,
) => Promise<Client | undefined>

/** Whether the client may still be used although its document could not be fetched again. */
export function isUsable({ document }: Client, now: Date): boolean {
  return !!document?.fetchedAt && now.getTime() - document.fetchedAt.getTime() < LAST_GOOD_AGE * 1000
}

export function createRefresh(deps: RefreshDeps): Refresh {
  const { clients, clock } = deps
  const store = createDocumentStore(deps.db)
  const running = new Map<string, Promise<Client | undefined>>()
  const admit = createAdmission(deps)

  async function start(id: string, known: Client | undefined, address: string | undefined) {
    const usable = known && isUsable(known, clock.now()) ? known : undefined
    if (!known) {
      const state = await store.read(id)
      if (state && clock.now() < state.nextAt) assertNotRefused(id, state)
      else admit(id, address, running.size)
    }
    for (;;) {
      const at = clock.now()
      const claim = await store.claim(id, at, new Date(at.getTime() + CLAIM_MS))
      if (claim) return fetchClaimed(deps, claim, { known, usable })
      if (usable) return usable
      if (await isSettled(deps, id)) return clients.read(id)
    }
  }

  return (id, known, address) => {
    let started = running.get(id)
    if (!started) {
      started = start(id, known, address).finally(() => running.delete(id))
      running.set(id, started)
    }
    return started
  }
}

/** Counts the fetch of an unknown document. Known ones are fetched again as rarely as their cache headers say. */
function createAdmission({ clock, writeBudget }: RefreshDeps) {
  const hosts = createLeakyBuckets()
  return (id: string, address: string | undefined, running: number): void => {
    if (running > MAX_RUNNING) throw new TooManyDocuments(1)
    const now = clock.now().getTime()
    const { waitSeconds, keep } = hosts.fill(new URL(id).host, 1, { ...PER_HOST, now })
    if (waitSeconds > 0) throw new TooManyDocuments(Math.ceil(waitSeconds))
    writeBudget.charge(address, FETCH_BYTES)
    keep()
  }
}

/** Fetches and stores a document. If that fails, returns `usable`, or throws why. */
async function fetchClaimed(
  deps: RefreshDeps,
  claim: Claim,
  { known, usable }: { readonly known: Client | undefined; readonly usable: Client | undefined },
): Promise<Client | undefined> {
  const { clients, clock, db } = deps
  const { id } = claim
  try {
    const fetched = await fetchDocument(deps.fetch, id, known && claim, clock.now())
    await recordDocument(deps, claim, fetched)
  } catch (error) {
    if (!(error instanceof ClientDocumentRefused)) throw error
    const nextAt = new Date(clock.now().getTime() + RETRY_SECONDS * 1000)
    await createDocumentStore(db).failed(claim, { nextAt, error: error.reason, faults: error.documentFaults })
    await notify(db, CLIENTS_CHANNEL, id)
    clients.forget(id)
    if (usable) return usable
    throw error
  }
  clients.forget(id)
  return clients.read(id)
}

/**
 * Waits for the node that fetches. False when it gave up, so that this one can try. Throws ClientDocumentRefused when the
 * document cannot be used.
 */
async function isSettled({ clock, db, notifications }: RefreshDeps, id: string): Promise<boolean> {
  const { promise: heard, resolve } = Promise.withResolvers<void>()
  const forget = notifications.listen(CLIENTS_CHANNEL, (changed) => changed === id && resolve())
  try {
    for (;;) {
      const state = await createDocumentStore(db).read(id)
      if (!state || state.nextAt <= clock.now()) return false
      assertNotRefused(id, state)
      if (state.fetchedAt?.getTime() === state.attemptedAt.getTime()) return true
      await Promise.race([heard, delay(LOOK_MS)])
    }
  } finally {
    forget()
  }
}

function assertNotRefused(id: string, { error, faults }: DocumentState): void {
  if (faults !== null) throw ClientDocumentRefused.faulty(id, faults)
  if (error !== null) throw ClientDocumentRefused.notFetched(id, error)
}
