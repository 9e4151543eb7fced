/** How commands fail: one sentence on stderr (or one JSON object with `--json`) and an exit code. */
import { AppError } from '#shared/app-error.ts'

/** Exit codes: success, refused or failed, wrong usage, invalid setting (sysexits EX_CONFIG). */
export const EXIT = { done: 0, failed: 1, usage: 2, config: 78 } as const

/** A failure with a message for the person at the terminal; `code` is the `error` of the JSON form. */
export class CliFailure extends Error {
  readonly code: string
  readonly exitCode: number

  constructor(message: string, options: { code?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliFailure'
    this.code = options.code ?? 'failed'
    this.exitCode = options.exitCode ?? EXIT.failed
  }
}

/** Returns a failure for wrong arguments, with exit code 2. */
export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, { code: 'invalid_usage', exitCode: EXIT.usage })
}

/** Prints a failure on `stderr` and returns the exit code. Unknown errors are printed with their stack. */
export function reportFailure(error: unknown, options: { json: boolean; stderr: NodeJS.WritableStream }): number {
  const { code, message, exitCode } = describe(error)
  const line = options.json ? JSON.stringify({ error: code, error_description: message }) : message
  options.stderr.write(`${line}\n`)
  return exitCode
}

function describe(error: unknown): { code: string; message: string; exitCode: number } {
  if (error instanceof CliFailure) return error
  if (error instanceof AppError) {
    const exitCode = error.code === 'invalid_configuration' ? EXIT.config : EXIT.failed
    return { code: error.code, message: error.message, exitCode }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'internal_error', message, exitCode: EXIT.failed }
}
