/** The `signet` program: its global options, its commands (one line each) and how usage errors are told. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { readEnvironment } from '#config/env.ts'
import type { CliContext } from './context.ts'
import { EXIT, reportFailure, usageFailure } from './failure.ts'
import * as accounts from './commands/accounts.ts'
import * as audit from './commands/audit.ts'
import * as clients from './commands/clients.ts'

interface CommandFile {
  register(program: Command, context: CliContext): void
}

/** One line a command, in the order of `signet --help`; only the file of the command that is called is loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandFile>>> = {
  serve: () => import('./commands/serve.ts'),
  init: () => import('./commands/init.ts'),
  migrate: () => import('./commands/migrate.ts'),
  recover: () => import('./commands/recover.ts'),
}

/** The commander tree for a command line. `--json` is known at every place of it: read it by `optsWithGlobals()`. */
async function createProgram(argv: readonly string[], context: CliContext): Promise<Command> {
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
  for (const file of await commandFiles(argv)) file.register(program, context)
  return program
}

/** The file of the command that stands first, or all of them for help, for hints, and where an option comes first. */
async function commandFiles([first = '']: readonly string[]): Promise<CommandFile[]> {
  const called = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined
  return called ? [await called()] : Promise.all(Object.values(COMMANDS).map((load) => load()))
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
    const program = await createProgram(argv, context)
    await program.parseAsync([...argv], { from: 'user' })
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
