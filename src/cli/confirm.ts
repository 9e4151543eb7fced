/** Asks for confirmation before something is deleted. */
import { createInterface, type Interface } from 'node:readline/promises'
import type { CliContext } from './context.ts'
import { CliFailure, EXIT } from './failure.ts'

/**
 * Resolves when the person confirms or `--yes` was given. Throws CliFailure `cancelled` when they don't, and
 * `confirmation_required` (exit code 2) without a terminal to ask on. `question` names what would be deleted.
 */
export async function confirm(context: CliContext, question: string, options: { yes?: boolean }): Promise<void> {
  const { stdin, stderr } = context
  if (options.yes) return
  if (!stdin.isTTY || !stderr.isTTY) {
    const message = `${question} There is no terminal to ask on: add --yes to do it. Nothing was changed.`
    throw new CliFailure(message, { code: 'confirmation_required', exitCode: EXIT.usage })
  }
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
