/** The root command `signet`: its global options and output streams. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { IdTakingCommand } from './command.ts'
import type { CliContext } from './context.ts'

/**
 * Creates the root command. It throws CommanderError where commander would exit; the caller prints errors, commander
 * prints help.
 */
export function createRoot(context: CliContext): Command {
  return new IdTakingCommand('signet')
    .description('An OAuth 2.1 and OpenID Connect authorization server, and the tools to run it.')
    .version(version())
    .option('--json', 'print one JSON document, and errors as {error, error_description}')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // reportFailure prints the error.
      outputError: () => {},
    })
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
