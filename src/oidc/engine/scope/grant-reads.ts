/** Request state: the grants that were read and ended, so that each is read and ended only once. */
import type { Payload } from '../../adapter/sealing.ts'

export interface GrantReads {
  readonly payloads: Map<string, Payload>
  /** The status index of each grant. */
  readonly statusIndexes: Map<string, string>
  /** By grant id. A second call to end a grant waits for the first. */
  readonly ended: Map<string, Promise<void>>
}

export function createGrantReads(): GrantReads {
  return { payloads: new Map(), statusIndexes: new Map(), ended: new Map() }
}
