/** The grants that a request has read and ended, so that each is read and ended once. */
import type { Payload } from '../../adapter/sealing.ts'

export interface GrantReads {
  readonly payloads: Map<string, Payload>
  /** The status index of each grant. */
  readonly statusIndexes: Map<string, string>
  /** Grants ended in this request: a second call to end one waits for the first. */
  readonly ended: Map<string, Promise<void>>
}

export function createGrantReads(): GrantReads {
  return { payloads: new Map(), statusIndexes: new Map(), ended: new Map() }
}
