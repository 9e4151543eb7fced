/** Asks for confirmation before something is deleted. */
import { askEach, hasTerminal } from './ask.ts'
import type { CliContext } from './context.ts'
import { CliFailure, EXIT } from './failure.ts'

/**
 * Resolves when the person confirms or `--yes` was given. Throws CliFailure `cancelled` when they don't, and
 * `confirmation_required` (exit code 2) without a terminal to ask on. `question` names what would be deleted.
 */
export async function confirm(context: CliContext, question: string, options: { yes?: boolean }): Promise<void> {
  if (options.yes) return
  if (!hasTerminal(context)) {
    const message = `${question} There is no terminal to ask on: add --yes to do it. Nothing was changed.`
    throw new CliFailure(message, { code: 'confirmation_required', exitCode: EXIT.usage })
  }
  const [answer = ''] = await askEach(context, [{ text: `${question} [y/N] ` }])
  if (!/^y(es)?$/i.test(answer)) throw new CliFailure('Nothing was changed.', { code: 'cancelled' })
}
