/** The complete `signet` program, with all commands. */
import type { Command } from 'commander'
import * as accounts from './commands/accounts/accounts.ts'
import * as audit from './commands/audit/audit.ts'
import * as clients from './commands/clients/clients.ts'
import * as init from './commands/init.ts'
import * as keys from './commands/keys/keys.ts'
import * as migrate from './commands/migrate.ts'
import * as recover from './commands/recover.ts'
import * as restoreEpoch from './commands/restore-epoch.ts'
import * as registrationTokens from './commands/registration-tokens/registration-tokens.ts'
import * as resources from './commands/resources/resources.ts'
import * as serve from './commands/serve.ts'
import * as settings from './commands/settings/settings.ts'
import * as token from './commands/token.ts'
import * as upstreams from './commands/upstreams/upstreams.ts'
import type { CliContext } from './context.ts'
import { createRoot } from './root.ts'

/** The modules of the commands, each of which exports `register`, in the order of `signet --help`. */
const COMMANDS: readonly { register(program: Command, context: CliContext): void }[] = [
  serve,
  init,
  migrate,
  recover,
  restoreEpoch,
  clients,
  registrationTokens,
  resources,
  accounts,
  keys,
  settings,
  upstreams,
  audit,
  token,
]

/** Creates the commander program. `--json` is accepted anywhere on the line: read it with `optsWithGlobals()`. */
export function createProgram(context: CliContext): Command {
  const program = createRoot(context)
  for (const command of COMMANDS) command.register(program, context)
  return program
}
