/** The processes that serve requests: this one by itself, or workers that it manages. */
import type { Probe } from '#observability/health.ts'
import type { DatabaseUrls } from './database.ts'

export interface ServingProcesses {
  /** Resolves once requests are served. */
  start(database: DatabaseUrls): Promise<void>
  /** Whether all serving processes are ready. */
  ready(): Promise<Probe>
  readonly metrics: { text(): Promise<string>; readonly contentType: string }
  /** Finishes open requests and resolves with the number that were cut off after `timeoutMs`. */
  drain(timeoutMs: number): Promise<number>
}
