/** Ids of deleted clients, and scopes that a release adds to the admin API, on a real database. */
import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { followIssuer } from '#admin/cli-client.ts'
import { createClientStore } from '#clients/client-store.ts'
import type { Client } from '#clients/client.ts'
import type { AppError } from '#shared/app-error.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const here = await openRooms(url)
const there = await openRooms(url)
const { clients, db } = here
const ADMIN_API = 'https://as.example.com/admin/v1'
const LOOKS_ALIKE = 'https://api.example.com/admin/v1'
await here.resources.create({ identifier: LOOKS_ALIKE, scopes: ['accounts:read', 'accounts:write'] }, SYSTEM)

function machine(id: string, scopes: readonly string[], resource = ADMIN_API) {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const allowances = [{ resource, scopes }]
  return { id, origin: 'administrator', profile: 'machine', metadata: { jwks: { keys: [jwk] } }, allowances } as const
}

test('the id of a deleted client is not given again', async () => {
  await clients.create(machine('billing', []), SYSTEM)
  await clients.remove('billing', undefined, SYSTEM)
  const error = await refusal(clients.create(machine('billing', []), SYSTEM))
  expect(error).toMatchObject({ code: 'client_id_deleted', status: 409 })
  expect(error.message).toBe('The id "billing" belonged to a client that was deleted, and cannot be used again.')
  expect(await clients.read('billing')).toBeUndefined()
})

test('nor by a registration that waits for the deletion to be committed', async () => {
  await clients.create(machine('reports', []), SYSTEM)
  let created: Promise<AppError> | undefined
  await db.transaction(async (trx) => {
    await createClientStore(trx).remove({ id: 'reports', origin: 'administrator' }, new Date())
    created = refusal(there.clients.create(machine('reports', []), SYSTEM))
    const waiting = () => db.query(`SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`)
    await expect.poll(async () => (await waiting()).rowCount).toBe(1)
  })
  expect(await created).toMatchObject({ code: 'client_id_deleted' })
  expect(await clients.read('reports')).toBeUndefined()
})

test('a new scope is granted to the clients that held every scope of its object, once, and to no others', async () => {
  const held = ['accounts:read', 'accounts:write']
  await clients.create(machine('whole', [...held, 'audit:read']), SYSTEM)
  await clients.create(machine('reader', ['accounts:read']), SYSTEM)
  await clients.create(machine('alike', held, LOOKS_ALIKE), SYSTEM)
  await clients.create(machine('gone', held, LOOKS_ALIKE), SYSTEM)
  // its API is not registered any more
  await db.query(`UPDATE client_allowances SET resource = 'https://gone.example.com' WHERE client_id = 'gone'`)
  const grant = () => db.query('SELECT grant_admin_scope($1, $2)', ['accounts:more', held])
  const scopesOf = async (id: string) => (await clients.read(id))?.allowances[0]?.scopes
  await grant()
  expect(await scopesOf('whole')).toEqual([...held, 'audit:read', 'accounts:more'])
  expect((await clients.read('whole'))?.version).toBe(2)
  expect(await scopesOf('reader')).toEqual(['accounts:read'])
  expect(await scopesOf('alike')).toEqual(held)
  expect(await scopesOf('gone')).toEqual(held)
  await grant()
  expect((await clients.read('whole'))?.version).toBe(2)
  await db.query(`SELECT grant_admin_scope('others:read', '{}')`)
  expect(await scopesOf('reader')).toEqual(['accounts:read'])
})

describe('signet-cli', () => {
  const EARLIER = 'https://id.example.com/admin/v1'
  const alike = { resource: LOOKS_ALIKE, scopes: ['accounts:read'] }
  const cli = async () => (await clients.read('signet-cli')) as Client

  /** Gives the admin API of signet-cli the address under another issuer. */
  async function at(resource: string): Promise<void> {
    await db.query(`UPDATE client_allowances SET resource = $1 WHERE client_id = 'signet-cli' AND resource = $2`, [
      resource,
      ADMIN_API,
    ])
    await db.query(`UPDATE clients SET default_resource = $1 WHERE id = 'signet-cli'`, [resource])
  }

  beforeAll(async () => {
    const { allowances, ...input } = machine('signet-cli', ['clients:read'])
    await clients.create({ ...input, allowances: [...allowances, alike], defaultResource: ADMIN_API }, SYSTEM)
  })

  test('follows a changed issuer with the scopes it had, and no more', async () => {
    await at(EARLIER)
    await followIssuer(here, await cli(), ADMIN_API)
    const { allowances, defaultResource } = await cli()
    expect(defaultResource).toBe(ADMIN_API)
    expect(allowances).toHaveLength(2)
    expect(allowances).toEqual(expect.arrayContaining([{ resource: ADMIN_API, scopes: ['clients:read'] }, alike]))
  })

  test('follows it once when two servers start at the same time', async () => {
    await at(EARLIER)
    const before = await cli()
    await Promise.all([here, there].map((rooms) => followIssuer(rooms, before, ADMIN_API)))
    expect(await cli()).toMatchObject({ version: before.version + 1, defaultResource: ADMIN_API })
  })

  test.each([
    ['an API that was registered', LOOKS_ALIKE],
    ['no admin API', 'https://id.example.com/other'],
  ])('stays where its default resource is %s', async (_what, resource) => {
    await db.query(`UPDATE clients SET default_resource = $1 WHERE id = 'signet-cli'`, [resource])
    const before = await cli()
    await followIssuer(here, before, ADMIN_API)
    expect(await cli()).toEqual(before)
  })
})
