/** Each ending of a session or grant notifies subscribers once, with its reason, in the transaction that ends it. */
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database, Queryable } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import type { EndedGrant } from '#oidc/endings/grants.ts'
import type { EndedSession } from '#oidc/endings/sessions.ts'
import type { GrantEndReason, SessionEndReason } from '#oidc/endings/reasons.ts'
import { administrator } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { linesMatching, readSourceFiles } from '../support/architecture/source-file.ts'
import { atEnd } from '../support/endings.ts'
import { EVENTS } from '../support/revocation-events.ts'
import { CALLBACK, hold, type Holdings, type Stage } from '../support/revocation-holdings.ts'
import { startServer } from '../support/server.ts'

interface Ends {
  readonly sessions?: SessionEndReason
  readonly grants: GrantEndReason
}

/** What of the events of docs/revocation.md ends a session or grant, and why. */
const ENDS: Readonly<Record<string, Ends>> = {
  'The person signs out': { sessions: 'signed_out', grants: 'signed_out' },
  'An administrator ends the session': { sessions: 'ended_by_administrator', grants: 'ended_by_administrator' },
  'The person ends the session': { sessions: 'ended_by_person', grants: 'ended_by_person' },
  'The person signs out everywhere else': { sessions: 'signed_out_elsewhere', grants: 'signed_out_elsewhere' },
  'The person changes their password elsewhere, and signs out everywhere else': {
    sessions: 'signed_out_elsewhere',
    grants: 'signed_out_elsewhere',
  },
  'Another person signs in with the same browser': {
    sessions: 'another_person_signed_in',
    grants: 'another_person_signed_in',
  },
  'A person resets their forgotten password': { sessions: 'password_reset', grants: 'password_reset' },
  'An invitation is accepted': { sessions: 'invitation_accepted', grants: 'invitation_accepted' },
  'An account is disabled': { sessions: 'account_disabled', grants: 'account_disabled' },
  'The person deletes their account': { sessions: 'account_deleted', grants: 'account_deleted' },
  'An account is deleted': { sessions: 'account_deleted', grants: 'account_deleted' },
  'The person removes the app': { grants: 'consent_withdrawn' },
  'A consent is withdrawn': { grants: 'consent_withdrawn' },
  'A client is deleted': { grants: 'client_deleted' },
  'A refresh token is revoked': { grants: 'token_revoked' },
  'A refresh token is stolen and used twice': { grants: 'token_reused' },
  'A code is used twice': { grants: 'token_reused' },
}

/** Events of which one test tries each kind once more, with a subscriber that throws. */
const UNDONE = [
  'The person signs out',
  'An administrator ends the session',
  'Another person signs in with the same browser',
  'A consent is withdrawn',
  'A client is deleted',
  'A refresh token is revoked',
  'An account is disabled',
  'An account is deleted',
]

const told: { sessions: EndedSession[]; grants: EndedGrant[] } = { sessions: [], grants: [] }
let refusal: Error | undefined
let db: Database
let stage: Stage
let holdings: Holdings

async function hear(trx: Queryable, list: unknown[], ended: readonly unknown[]): Promise<void> {
  await trx.query('SELECT 1')
  if (refusal) throw refusal
  list.push(...ended)
}

beforeAll(async () => {
  const server = await startServer({
    overrides: {
      endings: {
        sessions: [(trx, ended) => hear(trx, told.sessions, ended)],
        grants: [(trx, ended) => hear(trx, told.grants, ended)],
      },
    },
  })
  db = createDatabase({ url: server.databaseUrl, poolSize: 2 })
  atEnd(() => db.close())
  const admin = await administrator(server)
  await admin.call('PATCH', '/settings', { client_registration: { mode: 'token' } })
  const visitor = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  stage = { first: server, second: server, admin, visitor, gateway: visitor }
})

beforeEach(() => {
  refusal = undefined
  told.sessions.length = 0
  told.grants.length = 0
})

/** The sessions and grants of the person that are open. */
async function open(): Promise<{ sessions: string[]; grants: string[] }> {
  const ids = async (text: string) => (await db.query<{ id: string }>(text, [holdings.sub])).rows.map(({ id }) => id)
  return {
    sessions: await ids('SELECT uid AS id FROM sessions WHERE account_id = $1 AND ended_at IS NULL ORDER BY 1'),
    grants: await ids('SELECT id FROM grants WHERE account_id = $1 ORDER BY 1'),
  }
}

describe.each(Object.entries(ENDS))('%s', (event, ends) => {
  test('notifies of exactly what ended, with the reason', async () => {
    holdings = await hold(stage)
    const before = await open()
    await EVENTS[event]?.(stage, holdings)
    const after = await open()
    const uids = told.sessions.map(({ uid }) => uid)
    const ids = told.grants.map(({ id }) => id)
    // none twice, and all that was open before and is not any more; what came and went in between is told as well
    expect(uids).toHaveLength(new Set(uids).size)
    expect(ids).toHaveLength(new Set(ids).size)
    expect(uids).toEqual(expect.arrayContaining(before.sessions.filter((id) => !after.sessions.includes(id))))
    expect(ids).toEqual(expect.arrayContaining(before.grants.filter((id) => !after.grants.includes(id))))
    expect(after.sessions.filter((uid) => uids.includes(uid))).toEqual([])
    expect(after.grants.filter((id) => ids.includes(id))).toEqual([])
    expect(new Set(told.sessions.map(({ reason }) => reason))).toEqual(new Set(ends.sessions ? [ends.sessions] : []))
    expect(new Set(told.grants.map(({ reason }) => reason))).toEqual(new Set([ends.grants]))
    expect(new Set([...told.sessions, ...told.grants].map(({ accountId }) => accountId))).toEqual(
      new Set([holdings.sub]),
    )
  })
})

test('an ended session names the clients that were signed in to by it, with the sid of their ID tokens', async () => {
  holdings = await hold(stage)
  await EVENTS['An administrator ends the session']?.(stage, holdings)
  const clients = told.sessions.flatMap((session) => session.clients)
  expect(clients.map(({ clientId }) => clientId)).toEqual(
    expect.arrayContaining([holdings.holder.client.id, holdings.offline.client.id]),
  )
  for (const { sid } of clients) expect(sid).toMatch(/^[\w-]{20,}$/)
})

test('a subscriber that throws undoes the ending', async () => {
  holdings = await hold(stage)
  const before = await open()
  refusal = new Error('the subscriber cannot be told')
  for (const event of UNDONE) {
    await EVENTS[event]?.(stage, holdings).catch(() => undefined)
    expect(await open(), event).toEqual(before)
  }
  expect(told).toEqual({ sessions: [], grants: [] })
})

test('sessions and grants end in one place', () => {
  const sources = readSourceFiles(join(import.meta.dirname, '../..'), ['src'])
  const ending = /SET ended_at|DELETE FROM (?:sessions|grants)\b/
  const places = sources.filter((file) => linesMatching(file, ending).length > 0).map(({ path }) => path)
  expect(places).toEqual(['src/oidc/endings/ending-store.ts'])
})
