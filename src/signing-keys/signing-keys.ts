/** The signing keys service: stores the keys and holds the same set in memory on every node. */
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
} from './key-changes.ts'
import { KeyNotFound } from './errors.ts'
import { createSigningKeyStore, type StoredKey } from './signing-key-store.ts'
import type { KeySet, SigningKey, SigningKeys } from './signing-key.ts'

/** The maximum age of the set in memory when notifications are lost; below the 5 s allowed for caches. */
const POLL_MS = 4000
/** How long a retired key stays published: longer than the longest lifetime of an access token (24 hours). */
const RETIRED_KEY_MS = 25 * 3600 * 1000
const SWEEP_MS = 3600 * 1000

export interface SigningKeysDeps extends KeyChangeDeps {
  readonly notifications: Notifications
  /** Returns for how many seconds after its retirement a key verifies `id_token_hint`. */
  readonly hintSeconds: () => number
  /** Called when a background reload fails; the old set stays in use. */
  readonly onError?: (error: unknown) => void
}

export interface ManagedSigningKeys extends SigningKeys {
  /** Reloads the set now. */
  reload(): Promise<void>
  /** Archives keys whose access tokens have all expired, and deletes archived keys. Runs at start and every hour. */
  sweep(): Promise<void>
  /** Stops the timers and the listener. */
  close(): void
}

export function createSigningKeys(deps: SigningKeysDeps): ManagedSigningKeys {
  const keySet = createCurrentSet(deps)
  const sweep = () => thenReload(sweepKeys(deps))
  const sweeping = setInterval(() => void sweep().catch((error: unknown) => deps.onError?.(error)), SWEEP_MS)
  sweeping.unref()

  /** Waits for a change and reloads the set, so that this node uses it before the call returns. */
  async function thenReload<T>(change: Promise<T>): Promise<T> {
    const result = await change
    await keySet.reload()
    return result
  }

  return {
    async ensure(by) {
      await makeMissingKeys(deps, by)
      await sweep()
    },
    async add(alg, by) {
      if (keySet.current().privateJwks.some((jwk) => jwk.alg === alg)) return
      await thenReload(makeMissingKeys(deps, by, [alg]))
    },
    current: keySet.current,
    onChange: keySet.onChange,
    reload: keySet.reload,
    list: async () => (await createSigningKeyStore(deps.db).list()).map(withoutPrivateKey),
    async rotate(alg, by) {
      const kids = await thenReload(rotateKeys(deps, alg, by))
      return keySet.current().keys.filter(({ kid }) => kids.includes(kid))
    },
    async retire(kid, by) {
      await thenReload(retireKey(deps, kid, by))
      const key = await createSigningKeyStore(deps.db).read(kid)
      if (!key) throw new KeyNotFound(kid)
      return withoutPrivateKey(key)
    },
    revoke: (kid, by) => thenReload(revokeKey(deps, kid, by)),
    sweep,
    close() {
      clearInterval(sweeping)
      keySet.close()
    },
  }
}

/** Holds the set in memory and replaces it when a key is added, removed or changes status. */
function createCurrentSet(deps: SigningKeysDeps) {
  const keySet = createNotifiedValue<KeySet>({
    channel: KEYS_CHANNEL,
    notifications: deps.notifications,
    maxAgeMs: POLL_MS,
    onError: deps.onError,
    async load(before) {
      const keys = await createSigningKeyStore(deps.db).list()
      const version = versionOf(keys)
      if (version === before?.version) return before
      return {
        version,
        keys: keys.filter(({ status }) => status !== 'archived').map(withoutPrivateKey),
        archivedKeys: keys.filter(({ status }) => status === 'archived').map(withoutPrivateKey),
        privateJwks: keys.flatMap((key) => openPrivateJwk(deps, key)),
      }
    },
  })
  return {
    ...keySet,
    current(): KeySet {
      const set = keySet.current()
      if (!set) throw new TypeError('the signing keys are not loaded yet: call ensure() first')
      return set
    },
  }
}

async function sweepKeys({ db, clock, hintSeconds }: SigningKeysDeps): Promise<void> {
  const now = clock.now().getTime()
  await db.transaction(async (trx) => {
    const store = createSigningKeyStore(trx)
    const archived = await store.archiveRetired(new Date(now - RETIRED_KEY_MS))
    const removed = await store.removeArchived(new Date(now - hintSeconds() * 1000))
    if (archived + removed > 0) await notify(trx, KEYS_CHANNEL, '')
  })
}

function openPrivateJwk({ keyring }: KeyChangeDeps, key: StoredKey): JWK[] {
  if (key.status !== 'current' || !key.sealed) return []
  return [JSON.parse(keyring.open(SEAL_PURPOSE, key.sealed, key.kid).toString()) as JWK]
}

function withoutPrivateKey({ sealed: _, ...key }: StoredKey): SigningKey {
  return key
}

function versionOf(keys: readonly StoredKey[]): string {
  const states = keys.map(({ kid, status }) => `${kid}:${status}`).toSorted()
  return sha256(states.join(' ')).toString('base64url')
}
