/** Keeps a record in the database of the master key that this server seals under. */
import type { Database } from '#database/database.ts'
import type { Logger } from '#observability/logger.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { checkMasterKeys, IN_USE_SECONDS, MasterKeyWrong } from '#sealing/master-key-store.ts'

/** Two missed updates are tolerated. */
const UPDATE_MS = (IN_USE_SECONDS * 1000) / 3

/**
 * Updates the record while the server runs, so that no key in use is forgotten. Logs an error when another server seals
 * under a key that this one lacks, because this one cannot open those values. The returned function stops it.
 */
export function watchMasterKeys(masterKeys: readonly Uint8Array[], probe: Database, logger: Logger): () => void {
  const keyring = createKeyring(masterKeys)
  async function update(): Promise<void> {
    try {
      await checkMasterKeys(probe, keyring)
    } catch (error) {
      // the readiness probe reports a database that does not answer
      if (error instanceof MasterKeyWrong) logger.error({ err: error }, 'a master key is missing here')
    }
  }
  const timer = setInterval(() => void update(), UPDATE_MS)
  timer.unref()
  return () => clearInterval(timer)
}
