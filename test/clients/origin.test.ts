/** Who made a client: kept from its creation on, and added to the table without breaking the release before. */
import { expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { migrate } from '#schema.ts'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'
import { takeBack } from '../support/take-back.ts'
import { LEAST } from './least.ts'

const STEP = '20261201002000-clients-add-origin'
/** What the release before writes. */
const OLD_INSERT = `INSERT INTO clients (id, profile, metadata, openid_scopes) VALUES ('old', 'machine', '{}', '{}')`

async function originsIn(url: string): Promise<unknown[]> {
  const { rows } = await asSuperuser((client) => client.query('SELECT origin FROM clients ORDER BY id'), url)
  return rows.map(({ origin }: { origin: string }) => origin)
}

test('a client keeps the origin that it was made with', async () => {
  const { url } = await cloneDatabase()
  const { clients } = await openRooms(url)
  for (const origin of ['administrator', 'registration', 'document'] as const) {
    const { client } = await clients.create({ origin, profile: 'machine', metadata: LEAST.machine }, SYSTEM)
    expect(client.origin).toBe(origin)
    const changed = await clients.update(client.id, { metadata: { signet_accent: '#123456' } }, undefined, SYSTEM)
    expect(changed.origin).toBe(origin)
    expect((await clients.find(client.id))?.origin).toBe(origin)
  }
})

test('taking the step back keeps the clients, and the release before makes clients of an administrator', async () => {
  const { url } = await cloneDatabase()
  const insert = (id: string) => asSuperuser((client) => client.query(OLD_INSERT.replace('old', id)), url)
  await insert('kept')
  await takeBack(url, STEP)
  const { rows } = await asSuperuser((client) => client.query('SELECT * FROM clients'), url)
  expect(rows).toHaveLength(1)
  expect(rows[0]).not.toHaveProperty('origin')
  await insert('old')
  expect(await migrate({ url })).toContain(STEP)
  await insert('older')
  expect(await originsIn(url)).toEqual(['administrator', 'administrator', 'administrator'])
})

test('the database refuses any other origin', async () => {
  const { url } = await cloneDatabase()
  await asSuperuser((client) => client.query(OLD_INSERT), url)
  const change = asSuperuser((client) => client.query(`UPDATE clients SET origin = 'nobody'`), url)
  await expect(change).rejects.toMatchObject({ constraint: 'clients_origin' })
})
