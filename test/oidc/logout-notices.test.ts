/** Logout tokens are queued with the end of their sessions, however many end at once. */
import { expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { EndedSession } from '#oidc/endings/sessions.ts'
import { queueSessionLogouts } from '#oidc/sign-out/logout-notice.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'

const { db, clients } = await openRooms((await cloneDatabase()).url)
for (const id of ['shop', 'blog', 'quiet']) {
  const told = id === 'quiet' ? {} : { backchannel_logout_uri: `https://${id}.example.com/logout` }
  const metadata = { redirect_uris: [`https://${id}.example.com/cb`], ...told }
  await clients.create({ id, origin: 'administrator', profile: 'spa', metadata }, SYSTEM)
}

const sessions = (count: number): EndedSession[] =>
  Array.from({ length: count }, (_, at) => ({
    uid: `session-${at}`,
    accountId: 'acc-1',
    reason: 'signed_out',
    clients: ['shop', 'blog', 'quiet', 'gone'].map((clientId) => ({ clientId, sid: `sid-${clientId}-${at}` })),
  }))

const queued = async () => {
  const { rows } = await db.query<{ key: string }>(`SELECT key FROM graphile_worker.jobs`)
  return rows.length
}

test('the logout tokens of many sessions take as many statements as those of one', async () => {
  const statements: string[] = []
  await db.transaction((trx) => {
    const counted: Queryable = {
      ...trx,
      query(...args: Parameters<Queryable['query']>) {
        statements.push(args[0])
        return trx.query(...args)
      },
    }
    return queueSessionLogouts(counted, sessions(40))
  })
  expect(statements).toHaveLength(2)
  expect(await queued()).toBe(80)
})

test('transactions that end the same sessions in another order do not deadlock', async () => {
  // a deadlock would be one more attempt
  let attempts = 0
  await Promise.all(
    Array.from({ length: 4 }, (_, at) =>
      db.transaction((trx) => {
        attempts += 1
        return queueSessionLogouts(trx, at % 2 === 0 ? sessions(40) : sessions(40).toReversed())
      }),
    ),
  )
  expect([attempts, await queued()]).toEqual([4, 80])
})
