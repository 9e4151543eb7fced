/** `signet restore-epoch`: after a restore, invalidates everything that was issued before. */
import type { Command } from 'commander'
import type { Config } from '#config/config.ts'
import { KeyFileError } from '#config/key-files.ts'
import { loadConfig } from '#config/load.ts'
import { MAX_RESTORE_EPOCH, writeRestoreEpochFile } from '#config/restore-epoch-file.ts'
import { AppError } from '#shared/app-error.ts'
import { confirm } from '../confirm.ts'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { type LocalUrls, withLocalDatabase } from '../local-database.ts'

type ConfiguredEpoch = Config['restoreEpoch']

export function register(program: Command, context: CliContext): void {
  program
    .command('restore-epoch')
    .description('after a restore of the database: end every session, code and token that was issued before')
    .option('--yes', 'do not ask; needed without a terminal')
    .addHelpText(
      'after',
      `
A backup has codes that were used since and tokens that were revoked since. This counts a number up that is kept in
SIGNET_KEYS_DIR, outside the database, and ends whatever was issued before; people sign in again. Clients, keys, accounts
and consents stay. Run it once, on a server, after the restore and before any server starts; then copy the file to the
keys directory of every other server.

Examples:
  $ signet restore-epoch
  $ signet restore-epoch --yes --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<{ json?: boolean; yes?: boolean }>()
      const { config, secrets, ...rest } = loadConfig(context.env, { masterKeys: 'none' })
      if (config.restoreEpoch.byVariable) throw setByVariable(config.restoreEpoch)
      await confirm(context, 'End every session, code and token that was issued until now?', options)
      const epoch = await withLocalDatabase({ config, secrets, ...rest }, (urls) => advance(config, urls))
      const result = { epoch, file: config.restoreEpoch.keptIn }
      context.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result))
    })
}

function setByVariable({ number }: ConfiguredEpoch): CliFailure {
  return new CliFailure(
    `SIGNET_RESTORE_EPOCH is set, to ${number}: set it to a higher number on every server and start them; the first one ends what was issued before.`,
    { code: 'set_by_variable' },
  )
}

/** Writes the file first: if this is interrupted, the first server that starts completes it. */
async function advance({ keysDir, restoreEpoch: configured }: Config, { directUrl }: LocalUrls): Promise<number> {
  const [{ createDatabase }, { migrate, TABLES: tables }, { createLogger }, { createAudit }, epochs] =
    await Promise.all([
      import('#database/pool.ts'),
      import('#schema.ts'),
      import('#observability/logger.ts'),
      import('#audit/recorder.ts'),
      import('#oidc/restore-epoch/restore-epoch.ts'),
    ])
  await migrate({ url: directUrl })
  const logger = createLogger({ level: 'silent', format: 'json' })
  const db = createDatabase({ url: directUrl, poolSize: 1, applicationName: 'signet-restore', logger })
  try {
    const next = Math.max(configured.number, (await epochs.seenRestoreEpoch(db)).number) + 1
    if (next > MAX_RESTORE_EPOCH) throw new CliFailure(`The restore epoch cannot be higher than ${MAX_RESTORE_EPOCH}.`)
    writeEpoch(keysDir, configured.keptIn, next)
    await epochs.beginRestoreEpoch({ db, audit: createAudit({ db }), tables }, next).catch((error: unknown) => {
      throw incomplete(configured.keptIn, next, error)
    })
    return next
  } finally {
    await db.close()
  }
}

function writeEpoch(keysDir: string, file: string, epoch: number): void {
  try {
    writeRestoreEpochFile(keysDir, epoch)
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error
    throw new CliFailure(
      `${file} cannot be written, and nothing was changed: bring the number ${epoch} there by whatever provides the directory, or set SIGNET_RESTORE_EPOCH=${epoch} on every server; the first one that starts ends what was issued before.`,
      { code: error.code, cause: error },
    )
  }
}

function incomplete(file: string, epoch: number, error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  const message = `${file} says ${epoch} now, and the database does not yet: ${error.message} The first server that starts does the rest.`
  return new CliFailure(message, { code: error.code, cause: error })
}

function describe({ epoch, file }: { epoch: number; file: string }): string {
  return `The restore epoch is ${epoch}: every session, code and token that was issued before has ended.

  ${file}

Copy this file to the keys directory of every other server, then start them. Keep it apart from the copies of
the database: an older copy of it must not come back with them. The audit log records restore_epoch.advanced.
`
}
