/** Clients of the release before get the value that a new client would have. */
import { expect, test } from 'vitest'
import { idTokenClaimsOf } from '#clients/id-token-claims.ts'
import { migrate } from '#schema.ts'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'
import { takeBack } from '../support/take-back.ts'

const STEP = '20261201064413-clients-set-id-token-claims'
const CLIENTS = [
  ['web', 'administrator', 'all'],
  ['native', 'administrator', 'all'],
  ['fapi2', 'administrator', 'minimal'],
  ['web', 'registration', 'minimal'],
  ['spa', 'document', 'minimal'],
] as const

/** Writes clients as the release before does. */
async function insertOld(url: string, prefix: string): Promise<void> {
  for (const [at, [profile, origin]] of CLIENTS.entries()) {
    const insert = 'INSERT INTO clients (id, profile, origin, metadata, openid_scopes) VALUES ($1, $2, $3, $4, $5)'
    const values = [`${prefix}-${at}`, profile, origin, '{"client_name":"Old"}', ['openid']]
    await asSuperuser((db) => db.query(insert, values), url)
  }
}

test('the step gives each client its value, and the release before still makes clients that have it', async () => {
  const { url } = await cloneDatabase()
  await takeBack(url, STEP)
  await insertOld(url, 'before')
  expect(await migrate({ url })).toContain(STEP)
  await insertOld(url, 'after')
  const { clients } = await openRooms(url)
  for (const [at, [, , expected]] of CLIENTS.entries()) {
    const before = await clients.read(`before-${at}`)
    expect(before?.metadata).toEqual({ client_name: 'Old', signet_id_token_claims: expected })
    const after = await clients.read(`after-${at}`)
    expect(after && idTokenClaimsOf(after)).toBe(expected)
  }
})
