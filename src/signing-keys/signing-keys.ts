/** The service that keeps the signing keys and holds the present set in memory, the same on every node. */
import type { JWK } from 'jose'
import type { Notifications } from '#database/database.ts'
import { createNotifiedValue } from '#database/notified-value.ts'
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
  const sweeping = setInterval(() => void sweep().catch((error: unknown) => deps.onError?.(error)), SWEEP_MS)
  sweeping.unref()

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
    close() {
      clearInterval(sweeping)
      held.close()
    },
  }
}

/** The set in memory, replaced when a key came, went or changed its state. */
function createHeldSet(deps: SigningKeysDeps) {
  const held = createNotifiedValue<KeySet>({
    channel: KEYS_CHANNEL,
    notifications: deps.notifications,
    maxAgeMs: POLL_MS,
    onError: deps.onError,
    async load(before) {
      const keys = await createSigningKeyStore(deps.db).list()
      const version = versionOf(keys)
      if (version === before?.version) return before
      return { version, keys: keys.map(withoutPrivatePart), privateJwks: keys.flatMap((key) => openPrivate(deps, key)) }
    },
  })
  return {
    ...held,
    current(): KeySet {
      const set = held.current()
      if (!set) throw new TypeError('the signing keys are not loaded yet: call ensure() first')
      return set
    },
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
