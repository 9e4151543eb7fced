/** The `signet` program: its global options, its commands (one line each) and how usage errors are told. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { readEnvironment } from '#config/env.ts'
import type { CliContext } from './context.ts'
import { EXIT, reportFailure, usageFailure } from './failure.ts'
import * as init from './commands/init.ts'
import * as migrate from './commands/migrate.ts'
import * as recover from './commands/recover.ts'
import * as serve from './commands/serve.ts'

/** A command file exports `register`; this is the order of `signet --help`. */
const COMMANDS: readonly { register(program: Command, context: CliContext): void }[] = [serve, init, migrate, recover]

/** The commander tree over a context. `--json` is known at every place of the line: read it by `optsWithGlobals()`. */
export function createProgram(context: CliContext): Command {
  const program = new Command('signet')
    .description('An OAuth 2.1 and OpenID Connect authorization server, and the tools to run it.')
    .version(version())
    .option('--json', 'print one JSON document, and errors as {error, error_description}')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // Told once, by reportFailure.
      outputError: () => {},
    })
  for (const command of COMMANDS) command.register(program, context)
  return program
}

/**
 * Runs one command line (`argv` without node and script) and resolves with the exit code: 0 done, 1 refused or
 * failed, 2 wrong usage, 78 a bad setting.
 */
export async function run(argv: readonly string[], serveProcess: CliContext['serve']): Promise<number> {
  const { stdin, stdout, stderr } = process
  const json = argv.includes('--json')
  try {
    const context: CliContext = { env: readEnvironment(), stdin, stdout, stderr, serve: serveProcess }
    await createProgram(context).parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? EXIT.done)
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, { json, stderr })
    if (error.exitCode === 0) return EXIT.done
    // Help was shown in place of a command: nothing more to say.
    if (error.code === 'commander.help') return EXIT.usage
    return reportFailure(usageFailure(sentence(error.message)), { json, stderr })
  }
}

/** `error: unknown option '--foo'\n(Did you mean --bar?)` as one line that starts like a sentence. */
function sentence(message: string): string {
  const line = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.?)]$/.test(line) ? '' : '.'} See --help.`
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
