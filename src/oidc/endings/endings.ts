/** Ends sessions and grants, and calls subscribers in the same transaction. */
import { createGrantEnding, type EndGrants, type GrantSubscriber } from './grants.ts'
import { createSessionEnding, type EndSessions, type SessionSubscriber } from './sessions.ts'

export interface EndingSubscribers {
  readonly sessions: readonly SessionSubscriber[]
  readonly grants: readonly GrantSubscriber[]
}

export interface Endings {
  readonly endSessions: EndSessions
  readonly endGrants: EndGrants
}

export function createEndings(subscribers: EndingSubscribers): Endings {
  const endGrants = createGrantEnding(subscribers.grants)
  return { endGrants, endSessions: createSessionEnding(endGrants, subscribers.sessions) }
}
