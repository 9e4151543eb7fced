/** Secrets of clients on a real database, and what another node sees of a change. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { ClientInput, NewClient } from '#clients/client.ts'
import { sha256 } from '#shared/ids.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { heard, openRooms, refusal } from '../support/rooms.ts'
import { atMost } from '../support/time-limits.ts'

const { url } = await cloneDatabase()
const [here, there] = await Promise.all([openRooms(url), openRooms(url)])
const { clients, audit } = here
const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const
const API = 'https://api.example.com'
await here.resources.create({ identifier: API, scopes: ['posts:read', 'posts:write'] }, SYSTEM)

const KEYS = { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })] }

function machine(metadata: Record<string, unknown> = {}, more: Partial<ClientInput> = {}): NewClient {
  return { origin: 'administrator', profile: 'machine', metadata: { jwks: KEYS, ...metadata }, ...more }
}

function withSecret(metadata: Record<string, unknown> = {}): NewClient {
  const method = { token_endpoint_auth_method: 'client_secret_basic' }
  return {
    origin: 'administrator',
    profile: 'web',
    metadata: { redirect_uris: ['https://app.example.com/cb'], ...method, ...metadata },
  }
}

async function events(id: string) {
  const stored = await audit.list({ limit: 50, subject: id })
  return stored.map(({ type, outcome, actor }) => [type, outcome, actor.id])
}

describe('secrets', () => {
  test('a further one leaves those before valid until they are revoked', async () => {
    const { client, secret } = await clients.create(withSecret(), SYSTEM)
    const { secret: added, value } = await clients.addSecret(client.id, BY)
    expect(value).not.toBe(secret)
    const both = await clients.find(client.id)
    expect(both).toMatchObject({ version: 2 })
    expect(both?.secretDigests).toHaveLength(2)
    expect(both?.secretDigests).toEqual(expect.arrayContaining([sha256(String(secret)), sha256(value)]))
    const [first] = (await clients.listSecrets(client.id)).filter(({ id }) => id !== added.id)
    await clients.revokeSecret(client.id, String(first?.id), BY)
    expect((await clients.find(client.id))?.secretDigests).toEqual([sha256(value)])
    expect(await clients.listSecrets(client.id)).toEqual([added])
    expect((await events(client.id)).slice(0, 2)).toEqual([
      ['client.secret_revoked', 'success', 'cli-admin'],
      ['client.secret_added', 'success', 'cli-admin'],
    ])
  })

  test('there are five at most, also under concurrent additions', async () => {
    const { client } = await clients.create(withSecret(), SYSTEM)
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => clients.addSecret(client.id, SYSTEM)))
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(refused).toHaveLength(4)
    for (const error of refused) expect(error).toMatchObject({ code: 'too_many_secrets', status: 409 })
    expect(await clients.listSecrets(client.id)).toHaveLength(5)
  })

  test('an expired one is neither valid nor counted', async () => {
    const { client, secret } = await clients.create(withSecret(), SYSTEM)
    const { value } = await clients.addSecret(client.id, SYSTEM)
    await here.db.query(`UPDATE client_secrets SET expires_at = now() - interval '1 s' WHERE digest = $1`, [
      sha256(String(secret)),
    ])
    expect((await clients.read(client.id))?.secretDigests).toEqual([sha256(value)])
    expect(await clients.listSecrets(client.id)).toHaveLength(1)
  })

  test('are refused for a client that signs assertions, and end when it begins to', async () => {
    const { client } = await clients.create(machine(), SYSTEM)
    const error = await refusal(clients.addSecret(client.id, SYSTEM))
    expect(error).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
    expect(error.faults).toEqual([
      {
        field: 'token_endpoint_auth_method',
        given: 'private_key_jwt',
        expected: 'client_secret_basic or client_secret_post: this client authenticates without a secret',
      },
    ])
    const { client: other } = await clients.create(withSecret(), SYSTEM)
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks: KEYS }
    expect((await clients.update(other.id, { metadata }, undefined, SYSTEM)).secretDigests).toEqual([])
    expect(await clients.listSecrets(other.id)).toEqual([])
  })

  test('an unknown one, or that of another client, cannot be revoked', async () => {
    const { client } = await clients.create(withSecret(), SYSTEM)
    const { client: other } = await clients.create(withSecret(), SYSTEM)
    const [secret] = await clients.listSecrets(other.id)
    for (const id of [String(secret?.id), 'csi-none', '\u0000']) {
      const error = await refusal(clients.revokeSecret(client.id, id, SYSTEM))
      expect(error).toMatchObject({ code: 'client_secret_not_found', status: 404 })
    }
    expect(await clients.listSecrets(other.id)).toHaveLength(1)
    expect((await clients.read(client.id))?.version).toBe(1)
  })
})

describe('another node', () => {
  test('obeys a change, a further secret, a disabling and a removal within a second', async () => {
    const { client } = await clients.create(withSecret(), SYSTEM)
    const seen = () => there.clients.find(client.id)
    expect(await seen()).toMatchObject({ version: 1 })
    await clients.update(client.id, { metadata: { client_name: 'New' } }, undefined, SYSTEM)
    await eventually(async () => (await seen())?.metadata.client_name === 'New', SOON_MS)
    await clients.addSecret(client.id, SYSTEM)
    await eventually(async () => (await seen())?.secretDigests.length === 2, SOON_MS)
    await clients.setStatus(client.id, 'disabled', undefined, SYSTEM)
    await eventually(async () => (await seen())?.status === 'disabled', SOON_MS)
    await clients.remove(client.id, undefined, SYSTEM)
    await eventually(async () => (await seen()) === undefined, SOON_MS)
  })

  test('obeys the removal of a resource within a second', async () => {
    const identifier = 'https://short.example.com'
    await here.resources.create({ identifier, scopes: ['x'] }, SYSTEM)
    const { client } = await clients.create(
      machine({}, { allowances: [{ resource: identifier, scopes: ['x'] }] }),
      SYSTEM,
    )
    expect((await there.clients.find(client.id))?.allowances).toHaveLength(1)
    await there.resources.remove(identifier, undefined, SYSTEM)
    for (const node of [here, there]) {
      await eventually(async () => (await node.clients.find(client.id))?.allowances.length === 0, SOON_MS)
    }
  })

  test('obeys a change within five seconds when its notification is lost', async () => {
    const { client } = await heard(
      there,
      'signet_clients',
      () => clients.create(machine(), SYSTEM),
      (result) => result.client.id,
    )
    expect(await there.clients.find(client.id)).toMatchObject({ status: 'enabled' })
    // a change without a notification; it is seen earlier where the connection for notifications was lost meanwhile
    await here.db.query(`UPDATE clients SET status = 'disabled', version = 2 WHERE id = $1`, [client.id])
    await eventually(async () => (await there.clients.find(client.id))?.status === 'disabled', atMost(5200))
  })
})
