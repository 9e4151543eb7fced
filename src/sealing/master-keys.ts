/** Changes master keys while the server runs: values sealed under older keys are sealed again under the primary key. */
import type { Database } from '#database/database.ts'
import type { SealedColumn } from './sealed-column.ts'
import { createSealedColumns } from './sealed-columns-store.ts'
import type { Keyring } from './keyring.ts'
import { forgetMasterKeys, masterKeysInUse } from './master-key-store.ts'

/** A master key, other than the primary one, that is still needed. */
export interface NeededKey {
  readonly keyId: string
  /** Whether this server's keyring contains it. */
  readonly given: boolean
  /** How many values are sealed under it. */
  readonly values: number
  /** Whether a server seals under it now, or did so within the last seconds. */
  readonly inUse: boolean
}

export interface Rewrapping {
  /** The primary key of the server that answers; in the end everything is sealed under it. */
  readonly keyId: string
  /** How many values this call resealed. */
  readonly rewrapped: number
  /** The ids of the keys that this call found to be no longer needed. */
  readonly forgotten: readonly string[]
  /** Empty once no other key is needed. */
  readonly remaining: readonly NeededKey[]
}

export interface MasterKeys {
  /** Reseals up to `limit` values; call it until nothing remains. Concurrent calls are safe. */
  rewrap(limit: number): Promise<Rewrapping>
}

interface MasterKeysDeps {
  readonly db: Database
  readonly keyring: Keyring
  /** All sealed columns of all rooms. */
  readonly sealed: readonly SealedColumn[]
}

export function createMasterKeys({ db, keyring, sealed }: MasterKeysDeps): MasterKeys {
  const columns = createSealedColumns(db, keyring, sealed)
  const { primaryKeyId: keyId } = keyring

  async function stillNeeded(): Promise<NeededKey[]> {
    // reads the keys in use first, so that a value sealed under one of them meanwhile is counted
    const inUse = (await masterKeysInUse(db)).filter((id) => id !== keyId)
    const values = await columns.remaining()
    return [...new Set([...values.keys(), ...inUse])].toSorted().map((id) => ({
      keyId: id,
      given: keyring.keyIds.includes(id),
      values: values.get(id) ?? 0,
      inUse: inUse.includes(id),
    }))
  }

  return {
    async rewrap(limit) {
      const rewrapped = await columns.rewrap(limit)
      const remaining = await stillNeeded()
      const forgotten = await forgetMasterKeys(db, [keyId, ...remaining.map((needed) => needed.keyId)])
      return { keyId, rewrapped, forgotten, remaining }
    },
  }
}
