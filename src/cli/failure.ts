/** How a command fails: one sentence on stderr (or one JSON object with `--json`) and an exit code. */
import { AppError } from '#shared/app-error.ts'

/** Done, refused or failed, wrong usage, a bad setting (sysexits EX_CONFIG). */
export const EXIT = { done: 0, failed: 1, usage: 2, config: 78 } as const

/** A failure whose message is the sentence for the person at the terminal; `code` is `error` of the JSON form. */
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

/** A failure by wrong arguments: exit code 2. */
export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, { code: 'invalid_usage', exitCode: EXIT.usage })
}

/** Tells a failure on `stderr` and returns the exit code. What is none of our errors is told with its stack. */
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
