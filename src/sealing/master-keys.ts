/** The change of master keys while the server serves: what is sealed under an older one is sealed under the first. */
import type { Database } from '#database/database.ts'
import type { SealedColumn } from './sealed-column.ts'
import { createSealedColumns } from './sealed-columns-store.ts'
import type { Keyring } from './keyring.ts'
import { forgetMasterKeys, masterKeysInUse } from './master-key-store.ts'

/** What still needs a master key that is not the first. */
export interface NeededKey {
  readonly keyId: string
  /** Whether this server has it. */
  readonly given: boolean
  readonly values: number
  /** Whether a server seals under it now, or did so seconds ago. */
  readonly inUse: boolean
}

export interface Rewrapping {
  /** The key under which everything is sealed in the end: the first of the server that answers. */
  readonly keyId: string
  /** How many values this call sealed anew. */
  readonly rewrapped: number
  /** The ids of the keys that no server needs any more since this call. */
  readonly forgotten: readonly string[]
  /** Empty once no other key is needed. */
  readonly remaining: readonly NeededKey[]
}

export interface MasterKeys {
  /** Seals up to `limit` values anew; called until nothing remains. Any number of callers may do it at once. */
  rewrap(limit: number): Promise<Rewrapping>
}

interface MasterKeysDeps {
  readonly db: Database
  readonly keyring: Keyring
  /** Every sealed column that there is. */
  readonly sealed: readonly SealedColumn[]
}

export function createMasterKeys({ db, keyring, sealed }: MasterKeysDeps): MasterKeys {
  const columns = createSealedColumns(db, keyring, sealed)
  const { primaryKeyId: keyId } = keyring

  async function stillNeeded(): Promise<NeededKey[]> {
    // first who seals: a value that they seal meanwhile is counted
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
