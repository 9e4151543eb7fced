/** What every command is handed: the environment it reads, the streams it speaks on, and how the server is started. */
import type { Environment } from '#config/env.ts'

export interface CliContext {
  /** The process environment over the values of `.env`. */
  readonly env: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Runs the server until it was asked to stop; resolves with the exit code. */
  readonly serve: (env: Environment) => Promise<number>
}
