/** The context of every command: its environment, its streams, and how to start the server. */
import type { Environment } from '#config/env.ts'

export interface CliContext {
  /** The process environment; `.env` provides the values that it lacks. */
  readonly env: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** Runs the server until it is stopped; resolves with the exit code. */
  readonly serve: (env: Environment) => Promise<number>
}
