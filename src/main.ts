/** The life of a server process: settings, database, services, listeners, and an orderly end. */
import type { Environment } from '#config/env.ts'

/** Runs the server until it was asked to stop; resolves with the exit code. */
export async function serve(_env: Environment): Promise<number> {
  throw new Error('serving waits for the services')
}
