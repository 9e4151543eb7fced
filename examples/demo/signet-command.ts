/** Runs the command line of the checkout, as a person at a terminal would. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = join(import.meta.dirname, '../..')
export const SIGNET = join(ROOT, 'bin/signet.js')

export type SignetCommand = (args: readonly string[], input?: string) => Promise<unknown>

/** A refusal of the command line, in its own words. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused'
  /** The code of the refusal, such as `client_not_found`. */
  readonly code: string

  constructor({ error, error_description }: { error: string; error_description: string }) {
    super(error_description)
    this.code = error
  }
}

/** `signet ARGS --json` against one issuer; resolves with what it printed, parsed. Throws CommandRefused. */
export function createSignetCommand(env: NodeJS.ProcessEnv): SignetCommand {
  return async (args, input = '') => {
    const child = spawn(process.execPath, [SIGNET, ...args, '--json'], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.end(input)
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    if (code !== 0) throw new CommandRefused(refusal(errors))
    return output.trim() === '' ? undefined : JSON.parse(output)
  }
}

function refusal(errors: string): { error: string; error_description: string } {
  try {
    return JSON.parse(errors) as { error: string; error_description: string }
  } catch {
    return { error: 'failed', error_description: errors.trim() }
  }
}
