/** The service that keeps the signing keys and holds the present set in memory, the same on every node. */
import type { JWK } from 'jose'
import type { Notifications } from '#database/database.ts'
import { notify } from '#database/notify.ts'
import { sha256 } from '#shared/ids.ts'
import {
  KEYS_CHANNEL,
  type KeyChangeDeps,
  makeMissingKeys,
  retireKey,
  revokeKey,
  rotateKeys,
  SEAL_PURPOSE,
  SIGNING_ALGS,
} from './key-changes.ts'
import { KeyNotFound } from './errors.ts'
import { createSigningKeyStore, type StoredKey } from './signing-key-store.ts'
import type { KeySet, SigningKey, SigningKeys } from './signing-key.ts'

/** How old the set in memory may be when notifications are lost; below the 5 s that caches may be old. */
const POLL_MS = 4000
/** A retired key is published for longer than the longest access token (24 hours) lives. */
const KEEP_RETIRED_MS = 25 * 3600 * 1000
const SWEEP_MS = 3600 * 1000

export interface SigningKeysDeps extends KeyChangeDeps {
  readonly notifications: Notifications
  /** Told when the set could not be read again in the background; the old one stays in use meanwhile. */
  readonly onError?: (error: unknown) => void
}

export interface ManagedSigningKeys extends SigningKeys {
  /** Reads the set again now. */
  reload(): Promise<void>
  /**
   * Removes retired keys that left service before `retiredBefore`, and tells how many. Done at the start and hourly
   * for those of which nothing that they signed can live.
   */
  removeRetired(retiredBefore: Date): Promise<number>
  /** Stops following changes. */
  close(): void
}

export function createSigningKeys(deps: SigningKeysDeps): ManagedSigningKeys {
  const held = createHeldSet(deps)
  const sweep = () => changed(removeRetired(deps, new Date(deps.clock.now().getTime() - KEEP_RETIRED_MS)))
  const stop = follow(deps, held.reload, sweep)

  /** Makes a change and returns after this node follows it. */
  async function changed<T>(change: Promise<T>): Promise<T> {
    const result = await change
    await held.reload()
    return result
  }

  return {
    async ensure(by) {
      await makeMissingKeys(deps, by)
      await sweep()
    },
    current: held.current,
    onChange: held.onChange,
    reload: held.reload,
    list: async () => (await createSigningKeyStore(deps.db).list()).map(withoutPrivatePart),
    async rotate(alg, by) {
      const kids = await changed(rotateKeys(deps, alg ? [alg] : SIGNING_ALGS, by))
      return held.current().keys.filter(({ kid }) => kids.includes(kid))
    },
    async retire(kid, by) {
      await changed(retireKey(deps, kid, by))
      const key = await createSigningKeyStore(deps.db).read(kid)
      if (!key) throw new KeyNotFound(kid)
      return withoutPrivatePart(key)
    },
    revoke: (kid, by) => changed(revokeKey(deps, kid, by)),
    removeRetired: (retiredBefore) => changed(removeRetired(deps, retiredBefore)),
    close: stop,
  }
}

/** The set in memory. Reads never overlap, so that an older one cannot replace a newer one. */
function createHeldSet(deps: SigningKeysDeps) {
  const listeners: ((set: KeySet) => void)[] = []
  let set: KeySet | undefined
  let reading: Promise<void> | undefined
  let waiting: Promise<void> | undefined

  async function read(): Promise<void> {
    const keys = await createSigningKeyStore(deps.db).list()
    const version = versionOf(keys)
    if (version === set?.version) return
    set = { version, keys: keys.map(withoutPrivatePart), privateJwks: keys.flatMap((key) => openPrivate(deps, key)) }
    for (const listener of listeners) listener(set)
  }

  function start(): Promise<void> {
    reading = read().finally(() => {
      reading = undefined
    })
    return reading
  }

  return {
    current(): KeySet {
      if (!set) throw new TypeError('the signing keys are not loaded yet: call ensure() first')
      return set
    },
    onChange: (listener: (set: KeySet) => void) => void listeners.push(listener),
    /** Resolves after a read that began after the call. */
    reload(): Promise<void> {
      if (!reading) return start()
      waiting ??= reading
        .catch(() => undefined)
        .then(() => {
          waiting = undefined
          return reading ?? start()
        })
      return waiting
    },
  }
}

/** Reads the set again on notifications, after reconnections and every few seconds; the returned function stops it. */
function follow(deps: SigningKeysDeps, reload: () => Promise<void>, sweep: () => Promise<number>): () => void {
  const quietly = (work: () => Promise<unknown>) => () => void work().catch((error: unknown) => deps.onError?.(error))
  const again = quietly(reload)
  const stopListening = deps.notifications.listen(KEYS_CHANNEL, again)
  const stopReconnect = deps.notifications.onReconnect(again)
  const timers = [setInterval(again, POLL_MS), setInterval(quietly(sweep), SWEEP_MS)]
  for (const timer of timers) timer.unref()
  return () => {
    for (const timer of timers) clearInterval(timer)
    stopListening()
    stopReconnect()
  }
}

async function removeRetired({ db }: KeyChangeDeps, retiredBefore: Date): Promise<number> {
  return db.transaction(async (trx) => {
    const removed = await createSigningKeyStore(trx).removeRetired(retiredBefore)
    if (removed > 0) await notify(trx, KEYS_CHANNEL, '')
    return removed
  })
}

function openPrivate({ keyring }: KeyChangeDeps, key: StoredKey): JWK[] {
  if (key.status !== 'current' || !key.sealed) return []
  return [JSON.parse(keyring.open(SEAL_PURPOSE, key.sealed, key.kid).toString()) as JWK]
}

function withoutPrivatePart({ sealed: _, ...key }: StoredKey): SigningKey {
  return key
}

function versionOf(keys: readonly StoredKey[]): string {
  const states = keys.map(({ kid, status }) => `${kid}:${status}`).toSorted()
  return sha256(states.join(' ')).toString('base64url')
}
