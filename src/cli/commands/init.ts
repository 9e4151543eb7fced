/** `signet init`: creates the master key and the key of `signet-cli`, and says what to back up. */
import type { Command } from 'commander'
import { cliKeyPath, makeCliKey } from '#admin/cli-key.ts'
import { makeMasterKeyFile, masterKeyPath, readMasterKeyFile } from '#config/key-files.ts'
import { loadClientConfig } from '#config/load.ts'
import { masterKeyId } from '#sealing/keyring.ts'
import type { CliContext } from '../context.ts'

export function register(program: Command, context: CliContext): void {
  program
    .command('init')
    .description('make the keys directory with the master key and the key of signet-cli')
    .addHelpText(
      'after',
      `
Makes what is missing in SIGNET_KEYS_DIR (default: keys) and never writes over a file.

Examples:
  $ signet init
  $ SIGNET_KEYS_DIR=/var/lib/signet/keys signet init --json`,
    )
    .action((_options: unknown, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: boolean }>()
      const result = initialize(loadClientConfig(context.env).keysDir)
      context.stdout.write(json ? `${JSON.stringify(result)}\n` : describe(result))
    })
}

interface InitResult {
  readonly keys_dir: string
  readonly master_key: { readonly file: string; readonly made: boolean; readonly key_ids: readonly string[] }
  readonly cli_key: { readonly file: string; readonly made: boolean }
}

function initialize(keysDir: string): InitResult {
  const master = makeMasterKeyFile(keysDir, 'init')
  const cli = makeCliKey(keysDir) !== undefined
  const ids = readMasterKeyFile(keysDir)?.keys.map(masterKeyId) ?? []
  return {
    keys_dir: keysDir,
    master_key: { file: masterKeyPath(keysDir), made: master, key_ids: ids },
    cli_key: { file: cliKeyPath(keysDir), made: cli },
  }
}

function describe({ keys_dir: dir, master_key: master, cli_key: cli }: InitResult): string {
  const made = [master, cli].filter((file) => file.made).length
  const head =
    made === 0 ? `Nothing to do: the keys in ${dir} exist and stay as they are.` : `The keys are ready in ${dir}.`
  return `${head}

  ${master.made ? 'made' : 'kept'}  ${master.file}  (${master.key_ids.join(', ')})
  ${cli.made ? 'made' : 'kept'}  ${cli.file}

Keep a copy of master.key in a safe place, apart from the copies of the database: without it what the
database holds sealed cannot be opened by anyone. A lost admin-cli.jwk.json is made anew by "signet recover".
`
}
