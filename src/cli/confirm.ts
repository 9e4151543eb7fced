/** Asks before something is destroyed, on a terminal only. */
import { createInterface, type Interface } from 'node:readline/promises'
import type { CliContext } from './context.ts'
import { CliFailure } from './failure.ts'

/**
 * Resolves when the person says yes, when `--yes` was given, or when there is no terminal to ask on. Throws CliFailure
 * `cancelled` otherwise. `question` names the thing.
 */
export async function confirm(context: CliContext, question: string, options: { yes?: boolean }): Promise<void> {
  const { stdin, stderr } = context
  if (options.yes || !stdin.isTTY || !stderr.isTTY) return
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), leaving(terminal)])
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw new CliFailure('Nothing was changed.', { code: 'cancelled' })
}

/** Ctrl-C and Ctrl-D close the terminal without an answer. */
function leaving(terminal: Interface): Promise<string> {
  return new Promise((resolve) => terminal.once('close', () => resolve('')))
}
