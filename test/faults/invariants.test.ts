/** The judge of the faults finds what it is there for: each invariant, broken once in an otherwise faultless history. */
import { expect, test } from 'vitest'
import type { FinalState } from './final-state.ts'
import type { Operation } from './history.ts'
import { type Judged, violationsOf } from './invariants.ts'

const answered = { status: 200, error: undefined, says: '', wellSaid: false }
const away = { status: 503, error: 'temporarily_unavailable', says: '', wellSaid: true }

function operation(changes: Partial<Operation>): Operation {
  return { kind: 'refresh', node: 0, start: 0, end: 10, outcome: 'ok', answer: answered, ...changes }
}

const exchanged = operation({ kind: 'exchange', presented: 'code', result: 'r0', accessTokenId: 'a0' })
const refreshed = operation({ presented: 'r0', result: 'r1', accessTokenId: 'a1' })
const made = operation({ kind: 'create client', subject: 'c1' })
const both = (status: number, said: string) => [0, 1].map((node) => ({ node, status, said }))

const final: FinalState = {
  families: [
    {
      state: 'live',
      endedBy: undefined,
      refreshed: both(200, 'ok'),
      introspected: both(200, 'active'),
      silent: [],
    },
    {
      state: 'ended',
      endedBy: 'logout',
      refreshed: both(400, 'invalid_grant'),
      introspected: both(200, 'inactive'),
      silent: both(303, 'login_required'),
    },
  ],
  clients: [{ state: 'enabled', asked: both(400, 'invalid_target') }],
  machineTokens: both(200, 'active'),
  audit: [
    { type: 'token.issued', subject: null, token: 'a0', grant: 'authorization_code', client: 'spa' },
    { type: 'token.issued', subject: null, token: 'a1', grant: 'refresh_token', client: 'spa' },
    { type: 'client.created', subject: 'c1', token: null, grant: null, client: null },
    { type: 'session.ended', subject: 's1', token: null, grant: null, client: null },
  ],
  orphanEvents: 0,
  forked: 0,
  unspentCodes: 0,
  idleInTransaction: 0,
  processes: [0, 1].map((node) => ({ node, pool: '0 used, 0 waiting', bugs: [] })),
}
const faultless: Judged = {
  operations: [exchanged, refreshed, made],
  final,
  away: [{ from: 100, to: 200 }],
  calmFrom: 300,
  answerMs: 3000,
}
const [live, ended] = final.families as [FinalState['families'][number], FinalState['families'][number]]
const withOperation = (changes: Partial<Operation>): Judged => ({
  ...faultless,
  operations: [...faultless.operations, operation(changes)],
})
const withFinal = (changes: Partial<FinalState>): Judged => ({ ...faultless, final: { ...final, ...changes } })

test('a faultless history has no violation', () => {
  expect(violationsOf(faultless)).toEqual([])
})

test.each<[string, string, Judged]>([
  ['a code is exchanged twice', 'I1', withOperation({ kind: 'exchange', presented: 'code', result: 'r9' })],
  ['a refresh token has two successors', 'I2', withOperation({ presented: 'r0', result: 'r9' })],
  ['a family has two unused tokens', 'I2', withFinal({ forked: 1 })],
  [
    'a token given out is refused',
    'I3',
    withFinal({ families: [{ ...live, refreshed: both(400, 'invalid_grant') }, ended] }),
  ],
  ['a token given out is not active', 'I3', withFinal({ machineTokens: both(200, 'inactive') })],
  [
    'a client registered is not known',
    'I3',
    withFinal({ clients: [{ state: 'enabled', asked: both(401, 'invalid_client') }] }),
  ],
  ['a token revoked is taken', 'I4', withFinal({ families: [live, { ...ended, refreshed: both(200, 'ok') }] })],
  ['a client disabled is served', 'I4', withFinal({ clients: [{ state: 'disabled', asked: both(200, 'ok') }] })],
  ['a token has no event', 'I5', withFinal({ audit: final.audit.filter(({ token }) => token !== 'a1') })],
  ['a change has no event', 'I5', withFinal({ audit: final.audit.filter(({ subject }) => subject !== 'c1') })],
  ['a sign-out has no event', 'I5', withFinal({ audit: final.audit.filter(({ type }) => type !== 'session.ended') })],
  [
    'an event tells of what did not happen',
    'I5',
    withFinal({
      audit: [
        ...final.audit,
        { type: 'token.issued', subject: null, token: 'a9', grant: 'refresh_token', client: 'spa' },
      ],
    }),
  ],
  ['a change that has an event is not there', 'I5', withFinal({ orphanEvents: 1 })],
  ['a code is lost', 'I6', withFinal({ unspentCodes: 1 })],
  ['a session comes back', 'I7', withFinal({ families: [live, { ...ended, silent: both(303, 'undefined') }] })],
  ['success without a database', 'I8', withOperation({ kind: 'revoke', start: 110, end: 190 })],
  ['an answer of 500', 'I9', withOperation({ outcome: 'fail', answer: { ...answered, status: 500 } })],
  ['connections that stay in use', 'I9', withFinal({ processes: [{ node: 0, pool: '1 used, 0 waiting', bugs: [] }] })],
  ['a bug in the log', 'I9', withFinal({ processes: [{ node: 0, pool: '0 used, 0 waiting', bugs: ['{}'] }] })],
  ['a transaction left open', 'I9', withFinal({ idleInTransaction: 1 })],
  ['503 too late', '503', withOperation({ outcome: 'unknown', answer: away, start: 10, end: 3100 })],
  ['503 in other words', '503', withOperation({ outcome: 'unknown', answer: { ...away, error: 'server_error' } })],
  ['503 without Retry-After', '503', withOperation({ outcome: 'unknown', answer: { ...away, wellSaid: false } })],
  ['503 although all is well again', 'calm', withOperation({ outcome: 'unknown', answer: away, start: 400, end: 410 })],
])('%s: %s is violated', (_what, rule, judged) => {
  expect(violationsOf(judged).map((violation) => violation.rule)).toContain(rule)
})
