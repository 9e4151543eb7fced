/** Request state: the session as it was read, so that its save can merge with concurrent writes. */
import type { SeenFrom } from '../../sessions/seen-from.ts'

export interface LoadedSession {
  readonly uid: string
  readonly accountId: string | undefined
  readonly clientIds: readonly string[]
}

export interface SessionReads {
  loaded: LoadedSession | undefined
  /** The cookie id that this request replaces with a new one. */
  replacedId: string | undefined
  /** The address and device of the request, if a person sent it. */
  readonly seenFrom: () => SeenFrom | undefined
}
