/** The session of a request as it was read; its save merges with what others wrote meanwhile. */
import type { SeenFrom } from '../../sessions/seen-from.ts'

export interface LoadedSession {
  readonly uid: string
  readonly accountId: string | undefined
  readonly clientIds: readonly string[]
}

export interface SessionReads {
  loaded: LoadedSession | undefined
  /** The cookie id that this request replaces by a new one. */
  replacedId: string | undefined
  /** Where the request comes from, when it is a person's. */
  readonly seenFrom: () => SeenFrom | undefined
}
