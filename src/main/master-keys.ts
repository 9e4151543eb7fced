/** Says in the database, for as long as this server runs, which master key it seals under. */
import type { Database } from '#database/database.ts'
import type { Logger } from '#observability/logger.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { checkMasterKeys, IN_USE_SECONDS, MasterKeyWrong } from '#sealing/master-key-store.ts'

/** Missed twice, it is still believed. */
const SAY_MS = (IN_USE_SECONDS * 1000) / 3

/**
 * Nobody takes a key away that a server still seals under. A key that another server seals under and this one has not is
 * told as an error, for values of it cannot be opened here. The returned function stops it.
 */
export function watchMasterKeys(masterKeys: readonly Uint8Array[], probe: Database, logger: Logger): () => void {
  const keyring = createKeyring(masterKeys)
  async function say(): Promise<void> {
    try {
      await checkMasterKeys(probe, keyring)
    } catch (error) {
      // a database that does not answer is told of elsewhere
      if (error instanceof MasterKeyWrong) logger.error({ err: error }, 'a master key is missing here')
    }
  }
  const timer = setInterval(() => void say(), SAY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
