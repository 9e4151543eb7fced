/** Runs one command line and returns its exit code. */
import { type Command, CommanderError } from 'commander'
import { readEnvironment } from '#config/env.ts'
import * as serve from './commands/serve.ts'
import type { CliContext } from './context.ts'
import { EXIT, reportFailure, usageFailure } from './failure.ts'
import { createRoot } from './root.ts'

/**
 * Runs one command line (`argv` without node and script). Resolves with the exit code: 0 success, 1 refused or failed,
 * 2 wrong usage, 78 invalid setting.
 */
export function run(argv: readonly string[], serveProcess: CliContext['serve']): Promise<number> {
  const { stdin, stdout, stderr } = process
  return runIn(argv, { stdin, stdout, stderr, serve: serveProcess })
}

/**
 * Runs a command line on the given streams. The environment is that of the process; `.env` of its directory provides
 * what it lacks.
 */
export async function runIn(argv: readonly string[], streams: Omit<CliContext, 'env'>): Promise<number> {
  const { stderr } = streams
  const json = argv.includes('--json')
  try {
    const program = await programFor(argv, { env: readEnvironment(), ...streams })
    await program.parseAsync([...argv], { from: 'user' })
    return Number(process.exitCode ?? EXIT.done)
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, { json, stderr })
    if (error.exitCode === 0) return EXIT.done
    // Help was shown because the command is missing.
    if (error.code === 'commander.help') return EXIT.usage
    return reportFailure(usageFailure(sentence(error.message)), { json, stderr })
  }
}

/** Builds the program. `serve` loads no other command, so that servers start quickly. */
async function programFor(argv: readonly string[], context: CliContext): Promise<Command> {
  if (argv[0] !== 'serve') {
    exitOnClosedPipe(context.stdout)
    const { createProgram } = await import('./program.ts')
    return createProgram(context)
  }
  const program = createRoot(context)
  serve.register(program, context)
  return program
}

/** Exits quietly when the reader of our output closes the pipe, as in `signet … | head`. */
function exitOnClosedPipe(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(process.exitCode)
  })
}

/**
 * Turns `error: unknown option '--foo'\n(Did you mean --bar?)` into one line with a capital letter and a hint at
 * --help.
 */
function sentence(message: string): string {
  const line = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.?)]$/.test(line) ? '' : '.'} See --help.`
}
