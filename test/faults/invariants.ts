/** The invariants that hold whatever breaks, as checks over what was done, what was answered, and what is there after it. */
import type { FinalState, Seen } from './final-state.ts'
import { BACK_CHANNELS, type Kind, type Operation, WRITES } from './history.ts'
import type { Violation } from './load.ts'

export interface Judged {
  readonly operations: readonly Operation[]
  readonly final: FinalState
  /** While PostgreSQL could write nothing at all; nothing within may have been answered with success. */
  readonly away: readonly { readonly from: number; readonly to: number }[]
  /** From then on everything must work as ever. */
  readonly calmFrom: number
  /** How long a 503 may take; undefined where more is asked at once than can be answered in time. */
  readonly answerMs: number | undefined
}

/** `performance.now()`: the moments until an answer of 503 has to be there. */
export const ANSWER_MS = 3000

/** Every violation there is; none is what a fault has to leave. */
export function violationsOf(judged: Judged): Violation[] {
  const rules: Record<string, (judged: Judged) => string[]> = {
    I1: oneAnswerPerCode,
    I2: oneSuccessor,
    I3: answeredIsKept,
    I4: endedIsEnded,
    I5: everythingIsAudited,
    I6: nothingIsLostByTryingAgain,
    I7: noSessionComesBack,
    I8: noSuccessWithoutDatabase,
    I9: processesGoOn,
    '503': unavailabilityIsWellSaid,
    calm: normalAfterwards,
  }
  return Object.entries(rules).flatMap(([rule, check]) => check(judged).map((what) => ({ rule, what })))
}

/** I1: at most one token response for a code. */
function oneAnswerPerCode({ operations }: Judged): string[] {
  return groups(operations, 'exchange')
    .filter((group) => group.filter(({ outcome }) => outcome === 'ok').length > 1)
    .map(() => 'a code was exchanged twice')
}

/** I2: whoever presents a refresh token gets the same successor, and no family has two unused ones. */
function oneSuccessor({ operations, final }: Judged): string[] {
  const forks = groups(operations, 'refresh')
    .map((group) => new Set(group.flatMap(({ outcome, result }) => (outcome === 'ok' ? [result] : []))).size)
    .filter((successors) => successors > 1)
  return [
    ...forks.map((count) => `a refresh token has ${count} successors`),
    ...(final.forked > 0 ? [`${final.forked} families have two unused refresh tokens`] : []),
  ]
}

/** I3: what was answered with success is honoured later. */
function answeredIsKept({ final }: Judged): string[] {
  const families = final.families.filter(({ state }) => state === 'live')
  return [
    ...families.flatMap(({ refreshed }) => unlike(refreshed, 200, 'ok', 'a refresh token that was given out')),
    ...families.flatMap(({ introspected }) => unlike(introspected, 200, 'active', 'its access token')),
    ...unlike(final.machineTokens, 200, 'active', "a machine's access token"),
    ...final.clients
      .filter(({ state }) => state === 'enabled')
      // the client has no resource: it is known, and that is all
      .flatMap(({ asked }) => asked.filter(({ status }) => status === 401).map(told('a client that was registered'))),
  ]
}

/** I4: what was revoked, signed out or disabled is so for good, on both processes. */
function endedIsEnded({ final }: Judged): string[] {
  const families = final.families.filter(({ state }) => state === 'ended')
  return [
    ...families.flatMap(({ refreshed, endedBy }) =>
      unlike(refreshed, 400, 'invalid_grant', `a refresh token after ${endedBy}`),
    ),
    ...families.flatMap(({ introspected, endedBy }) =>
      unlike(introspected, 200, 'inactive', `an access token after ${endedBy}`),
    ),
    ...final.clients
      .filter(({ state }) => state === 'disabled')
      .flatMap(({ asked }) => unlike(asked, 401, 'invalid_client', 'a disabled client')),
  ]
}

/** I5: everything issued or changed has its one audit event, and nothing has one that did not happen. */
function everythingIsAudited({ operations, final: { audit, families, orphanEvents } }: Judged): string[] {
  const faults = orphanEvents > 0 ? [`${orphanEvents} events of what was not made`] : []
  const tokens = countBy(audit.flatMap(({ token }) => (token === null ? [] : [token])))
  for (const { outcome, accessTokenId } of operations) {
    if (outcome !== 'ok' || accessTokenId === undefined) continue
    if (tokens.get(accessTokenId) !== 1) faults.push(`an issued token has ${tokens.get(accessTokenId) ?? 0} events`)
  }
  const subjects = countBy(audit.map(({ type, subject }) => `${type} ${subject}`))
  for (const [kind, type] of CHANGES) {
    for (const { outcome, subject } of operations.filter((operation) => operation.kind === kind)) {
      const events = subjects.get(`${type} ${subject}`) ?? 0
      // to disable what is disabled is no change, and a lost answer is asked for again
      const fits = kind === 'disable client' ? events >= 1 : events === 1
      if (outcome === 'ok' && !fits) faults.push(`${kind} answered, with ${events} events ${type}`)
    }
  }
  for (const [by, type] of ENDINGS) {
    const ended = families.filter(({ endedBy }) => endedBy === by).length
    const events = audit.filter((event) => event.type === type).length
    if (events < ended) faults.push(`${events} events ${type} of ${ended}`)
  }
  for (const [kind, counts] of AT_MOST) {
    const events = audit.filter(counts).length
    const possible = operations.filter((one) => one.kind === kind && one.outcome !== 'fail').length
    if (events > possible) faults.push(`${events} events of ${kind}, which can have happened ${possible} times`)
  }
  return faults
}

const CHANGES = [
  ['create client', 'client.created'],
  ['create account', 'account.created'],
  ['disable client', 'client.disabled'],
] as const

const ENDINGS = [
  ['logout', 'session.ended'],
  ['revoke', 'token.revoked'],
] as const

type Counts = (event: FinalState['audit'][number]) => boolean
const issuedBy =
  (grant: string): Counts =>
  (event) =>
    // the administrator of the faults themselves is `signet-cli` too
    event.type === 'token.issued' && event.grant === grant && event.client !== 'signet-cli'
const AT_MOST: readonly (readonly [Kind, Counts])[] = [
  ['exchange', issuedBy('authorization_code')],
  ['refresh', issuedBy('refresh_token')],
  ['machine token', issuedBy('client_credentials')],
]

/** I6: a lost answer can be asked for again; of a code, unless its first use was written. */
function nothingIsLostByTryingAgain({ final }: Judged): string[] {
  return final.unspentCodes > 0 ? [`${final.unspentCodes} codes are refused although nothing spent them`] : []
}

/** I7: a session that was signed out does not come back, whoever still has its cookies. */
function noSessionComesBack({ final }: Judged): string[] {
  return final.families
    .filter(({ endedBy }) => endedBy === 'logout')
    .flatMap(({ silent }) => unlike(silent, 303, 'login_required', 'a session after its sign-out'))
}

/** I8: no success from a server whose database could not write. */
function noSuccessWithoutDatabase({ operations, away }: Judged): string[] {
  return operations
    .filter(({ kind, outcome }) => outcome === 'ok' && WRITES.includes(kind))
    .filter(({ start, end }) => away.some(({ from, to }) => start >= from && end <= to))
    .map(({ kind }) => `${kind} was answered with success while the database was away`)
}

/** I9: the process stays up, nothing is a bug to it, and its connections come to rest. */
function processesGoOn({ operations, final }: Judged): string[] {
  return [
    ...final.processes.flatMap(({ node, bugs }) => bugs.map((line) => `process ${node + 1} logged: ${line}`)),
    ...final.processes
      .filter(({ pool }) => pool !== '0 used, 0 waiting')
      .map(({ node, pool }) => `the pool of process ${node + 1} does not come to rest: ${pool}`),
    ...(final.idleInTransaction > 0 ? [`${final.idleInTransaction} transactions were left open`] : []),
    ...operations
      .filter(({ answer }) => answer !== undefined && answer.status >= 500 && answer.status !== 503)
      .map(({ kind, answer }) => `${kind} was answered with ${answer?.status}`),
  ]
}

/** RFC 6749 §4.1.2.1, RFC 7009 §2.2.1: 503 in time, with the word for it, when to come again, and kept by nobody. */
function unavailabilityIsWellSaid({ operations, answerMs = Infinity }: Judged): string[] {
  return operations
    .filter(({ kind, answer }) => BACK_CHANNELS.includes(kind) && answer?.status === 503)
    .flatMap(({ kind, answer, start, end }) => [
      ...(answer?.error === 'temporarily_unavailable' && answer.wellSaid ? [] : [`${kind}: 503 ${answer?.error}`]),
      ...(end - start > answerMs ? [`${kind}: 503 after ${Math.round(end - start)} ms`] : []),
    ])
}

function normalAfterwards({ operations, calmFrom }: Judged): string[] {
  return operations
    .filter(({ start, outcome }) => start > calmFrom && outcome === 'unknown')
    .map(
      ({ kind, answer, start }) => `${kind}: ${answer?.status ?? 'no answer'} ${Math.round(start - calmFrom)} ms later`,
    )
}

function groups(operations: readonly Operation[], kind: Kind): Operation[][] {
  const presented = operations.filter((operation) => operation.kind === kind)
  return [...Map.groupBy(presented, ({ presented: value }) => value).values()]
}

function unlike(seen: readonly Seen[], status: number, said: string, what: string): string[] {
  return seen.filter((one) => one.status !== status || one.said !== said).map(told(what))
}

function told(what: string) {
  return ({ node, status, said }: Seen) => `${what}: ${status} ${said} on process ${node + 1}`
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
