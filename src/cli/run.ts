/** Runs one command line and says how it ended. */
import { type Command, CommanderError } from 'commander'
import { readEnvironment } from '#config/env.ts'
import * as serve from './commands/serve.ts'
import type { CliContext } from './context.ts'
import { EXIT, reportFailure, usageFailure } from './failure.ts'
import { createRoot } from './root.ts'

/**
 * Runs one command line (`argv` without node and script) and resolves with the exit code: 0 done, 1 refused or
 * failed, 2 wrong usage, 78 a bad setting.
 */
export function run(argv: readonly string[], serveProcess: CliContext['serve']): Promise<number> {
  const { stdin, stdout, stderr } = process
  return runIn(argv, { stdin, stdout, stderr, serve: serveProcess })
}

/** The same on other streams. The environment is that of the process, over the `.env` of its directory. */
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
    // Help was shown in place of a command: nothing more to say.
    if (error.code === 'commander.help') return EXIT.usage
    return reportFailure(usageFailure(sentence(error.message)), { json, stderr })
  }
}

/** A server starts often and should start quickly: it does without the other commands. */
async function programFor(argv: readonly string[], context: CliContext): Promise<Command> {
  if (argv[0] !== 'serve') {
    endWithReader(context.stdout)
    const { createProgram } = await import('./program.ts')
    return createProgram(context)
  }
  const program = createRoot(context)
  serve.register(program, context)
  return program
}

/** `signet … | head`: whoever read our output has enough of it, which is no failure. */
function endWithReader(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(process.exitCode)
  })
}

/** `error: unknown option '--foo'\n(Did you mean --bar?)` as one line that starts like a sentence. */
function sentence(message: string): string {
  const line = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}${/[.?)]$/.test(line) ? '' : '.'} See --help.`
}
