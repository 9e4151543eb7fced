/** The app's own sessions: the browser holds a random name, the tokens stay here. A real app keeps them in a database. */
import { randomBytes } from 'node:crypto'

/** A sign-in that was begun: what its answer must fit to. */
export interface Pending {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** The page of ours that it leads back to. */
  readonly back: string
}

export interface SignedIn {
  readonly name: string
  readonly email: string | undefined
  readonly idToken: string
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly expiresAt: Date
  /** How often the access token was renewed. */
  readonly renewals: number
}

export interface Session {
  readonly id: string
  pending: Pending[]
  signedIn: SignedIn | undefined
}

export interface Sessions {
  find(id: string | undefined): Session | undefined
  create(): Session
  remove(session: Session): void
}

const MAX_SESSIONS = 1000
/** Several tabs may begin a sign-in each. */
const MAX_PENDING = 5

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>()
  return {
    find: (id) => (id === undefined ? undefined : sessions.get(id)),
    create() {
      const oldest = sessions.keys().next()
      if (sessions.size >= MAX_SESSIONS && !oldest.done) sessions.delete(oldest.value)
      const session = { id: randomBytes(32).toString('base64url'), pending: [], signedIn: undefined }
      sessions.set(session.id, session)
      return session
    },
    remove: (session) => void sessions.delete(session.id),
  }
}

export function remember(session: Session, pending: Pending): void {
  session.pending = [...session.pending, pending].slice(-MAX_PENDING)
}

/** The sign-in that a state belongs to; it can be taken once. */
export function takePending(session: Session | undefined, state: string | undefined): Pending | undefined {
  const pending = session?.pending.find((candidate) => candidate.state === state)
  if (session && pending) session.pending = session.pending.filter((candidate) => candidate !== pending)
  return pending
}
