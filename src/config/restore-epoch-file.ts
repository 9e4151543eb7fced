/** Reads and writes the restore epoch. The file is kept with the keys, so that restoring a backup cannot undo it. */
import { join } from 'node:path'
import { ConfigError } from './config-error.ts'
import { readPrivateFile, replacePrivateFile } from './key-files.ts'

/** More restores than a server will see; fits PostgreSQL's integer. */
export const MAX_RESTORE_EPOCH = 1_000_000

export function restoreEpochPath(keysDir: string): string {
  return join(keysDir, 'restore-epoch')
}

/**
 * Reads the restore epoch; 0 when there is no file, because the database was never restored. Throws ConfigError when
 * the content is wrong, KeyFileError when the file cannot be read or others can read it.
 */
export function readRestoreEpochFile(keysDir: string): number {
  const path = restoreEpochPath(keysDir)
  const content = readPrivateFile(path)
  if (content === undefined) return 0
  const lines = content.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const epoch = /^\d{1,7}$/.test(lines[0]?.trim() ?? '') ? Number(lines[0]) : Number.NaN
  if (lines.length === 1 && epoch <= MAX_RESTORE_EPOCH) return epoch
  const problem = `the file ${path} must hold one whole number from 0 to ${MAX_RESTORE_EPOCH}`
  throw new ConfigError([{ variable: 'SIGNET_RESTORE_EPOCH', problem, example: 'SIGNET_RESTORE_EPOCH=1' }])
}

/** Writes the restore epoch atomically; it is on disk when this returns. Throws KeyFileError. */
export function writeRestoreEpochFile(keysDir: string, epoch: number): void {
  const content = [
    '# How often the database of Signet was restored. Never bring back an older copy of this file with a backup.',
    String(epoch),
    '',
  ].join('\n')
  replacePrivateFile(restoreEpochPath(keysDir), content)
}
