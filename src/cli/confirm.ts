/** Asks for confirmation before something is deleted, on a terminal only. */
import { createInterface, type Interface } from 'node:readline/promises'
import type { CliContext } from './context.ts'
import { CliFailure } from './failure.ts'

/**
 * Resolves when the person confirms, when `--yes` was given, or without a terminal. Otherwise throws CliFailure
 * `cancelled`. `question` names what would be deleted.
 */
export async function confirm(context: CliContext, question: string, options: { yes?: boolean }): Promise<void> {
  const { stdin, stderr } = context
  if (options.yes || !stdin.isTTY || !stderr.isTTY) return
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed(terminal)])
    if (/^y(es)?$/i.test(answer.trim())) return
  } finally {
    terminal.close()
  }
  throw new CliFailure('Nothing was changed.', { code: 'cancelled' })
}

/** Resolves with '' when Ctrl-C or Ctrl-D closes the terminal. */
function closed(terminal: Interface): Promise<string> {
  return new Promise((resolve) => terminal.once('close', () => resolve('')))
}
