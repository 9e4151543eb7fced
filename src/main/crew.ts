/** Who serves the requests: this process alone, or workers that it leads. */
import type { Probe } from '#observability/health.ts'
import type { DatabaseUrls } from './database.ts'

export interface Crew {
  /** Resolves once requests are answered. */
  start(database: DatabaseUrls): Promise<void>
  /** Whether all who serve can. */
  ready(): Promise<Probe>
  readonly metrics: { text(): Promise<string>; readonly contentType: string }
  /** Ends serving in order and resolves with the number of requests that were cut off after `timeoutMs`. */
  drain(timeoutMs: number): Promise<number>
}
