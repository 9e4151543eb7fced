/** What the load did: every operation with its beginning, its end and its outcome, as its caller saw it. */

/** `unknown`: the answer was lost or the server said that it cannot answer, so it may or may not have happened. */
export type Outcome = 'ok' | 'fail' | 'unknown'

export type Kind =
  | 'authorize'
  | 'exchange'
  | 'refresh'
  | 'machine token'
  | 'introspect'
  | 'revoke'
  | 'logout'
  | 'create client'
  | 'disable client'
  | 'create account'

/** What a kind changes in the database when it is answered with success. */
export const WRITES: readonly Kind[] = [
  'exchange',
  'refresh',
  'machine token',
  'revoke',
  'logout',
  'create client',
  'disable client',
  'create account',
]

/** Those that answer as JSON and may say 503 only in the words of the protocol. */
export const BACK_CHANNELS: readonly Kind[] = ['exchange', 'refresh', 'machine token', 'introspect', 'revoke']

/** What was seen of an answer. */
export interface Answer {
  readonly status: number
  readonly error: string | undefined
  /** Why a page or a redirect counts as what it does; empty otherwise. */
  readonly says: string
  /** Whether a 503 had `Retry-After` of 1 to 5 seconds and `Cache-Control: no-store`. */
  readonly wellSaid: boolean
}

export interface Operation {
  readonly kind: Kind
  /** Which process was asked, from 0. */
  readonly node: number
  /** Milliseconds of `performance.now()`. */
  readonly start: number
  readonly end: number
  readonly outcome: Outcome
  /** Undefined when the connection broke before there was one. */
  readonly answer: Answer | undefined
  /** The code or refresh token that was presented. */
  readonly presented?: string
  /** The refresh token, or the id of an access token, that came back. */
  readonly result?: string
  /** The access token's `jti`. */
  readonly accessTokenId?: string
  /** The client or account that was made or changed. */
  readonly subject?: string
}

export interface History {
  readonly operations: readonly Operation[]
  add(operation: Operation): void
  /** How many of each outcome. */
  count(): Record<Outcome, number>
}

export function createHistory(): History {
  const operations: Operation[] = []
  return {
    operations,
    add: (operation) => void operations.push(operation),
    count() {
      const counts = { ok: 0, fail: 0, unknown: 0 }
      for (const { outcome } of operations) counts[outcome]++
      return counts
    },
  }
}

/** 503 and a lost connection tell nothing of what happened; everything else is an answer. */
export function outcomeOf(status: number | undefined): Outcome {
  if (status === undefined || status === 503) return 'unknown'
  return status < 400 ? 'ok' : 'fail'
}
