/** Clients on a real database: ids, versions, lists, audit. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { ClientInput, NewClient } from '#clients/client.ts'
import { clientToMetadata, metadataToInput } from '#clients/document.ts'
import { sha256 } from '#shared/ids.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { heard, openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const here = await openRooms(url)
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

async function lastDetail(id: string) {
  return (await audit.list({ limit: 1, subject: id }))[0]?.detail
}

describe('creating', () => {
  test('makes a client with an id of its own, its allowances and an audit event', async () => {
    const allowances = [{ resource: API, scopes: ['posts:read'] }]
    const input = machine({ client_name: 'billing' }, { allowances, defaultResource: API })
    const { client, secret } = await clients.create(input, BY)
    expect(secret).toBeUndefined()
    expect(client.id).toMatch(/^cli-[A-Za-z0-9_-]{22}$/)
    expect(client).toMatchObject({
      profile: 'machine',
      status: 'enabled',
      allowances,
      defaultResource: API,
      openidScopes: [],
      secretDigests: [],
      revokedKeys: new Map(),
      version: 1,
    })
    expect(await clients.read(client.id)).toEqual(client)
    expect(await clients.find(client.id)).toEqual(client)
    expect(await events(client.id)).toEqual([['client.created', 'success', 'cli-admin']])
    expect(await lastDetail(client.id)).toEqual({
      profile: 'machine',
      method: 'private_key_jwt',
      origin: 'administrator',
    })
  })

  test('gives a secret of 256 bits once and stores its digest only', async () => {
    const { client, secret } = await clients.create(withSecret(), SYSTEM)
    expect(Buffer.from(String(secret).slice(4), 'base64url')).toHaveLength(32)
    expect(client.secretDigests).toEqual([sha256(String(secret))])
    const { rows } = await here.db.query<{ dump: string }>(
      `SELECT (SELECT json_agg(c) FROM clients c)::text || (SELECT json_agg(s) FROM client_secrets s)::text
         || (SELECT json_agg(a) FROM audit_events a)::text AS dump`,
    )
    expect(rows[0]?.dump).toContain(client.id)
    expect(rows[0]?.dump).not.toContain(secret)
  })

  test('takes a chosen id once', async () => {
    const { client } = await clients.create(machine({}, { id: 'signet-cli' }), SYSTEM)
    expect(client.id).toBe('signet-cli')
    const error = await refusal(clients.create(machine({}, { id: 'signet-cli' }), SYSTEM))
    expect(error).toMatchObject({ code: 'client_exists', status: 409 })
    expect(error.message).toBe('A client "signet-cli" exists already.')
  })

  test.each(['acc-AAAAAAAAAAAAAAAAAAAAAA', 'a b', '', 'x'.repeat(65), 'https://app.example.com', '\u0000', '..', '-x'])(
    'refuses the chosen id %j',
    async (id) => {
      const error = await refusal(clients.create(machine({}, { id }), SYSTEM))
      expect(error).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
      expect(error.faults[0]).toEqual({
        field: 'client_id',
        given: id,
        expected: '1 to 64 of A-Z a-z 0-9 . _ - that begin with a letter or digit, and not with acc-, pair- or reg-',
      })
    },
  )

  test('leaves nothing behind when it is refused', async () => {
    const before = await clients.list({ limit: 200 })
    const error = await refusal(clients.create(machine({ jwks: null, client_name: '' }), SYSTEM))
    expect(error.message).toBe('The client metadata has faults in: client_name, jwks.')
    expect(await clients.list({ limit: 200 })).toEqual(before)
  })
})

describe('finding', () => {
  test.each(['cli-nobody', '', 'a\u0000b', '\ud800', 'x'.repeat(129), "' OR 1=1 --"])(
    'finds nothing by %j',
    async (id) => {
      expect(await clients.read(id)).toBeUndefined()
      expect(await clients.find(id)).toBeUndefined()
      for (const change of [
        () => clients.update(id, {}, undefined, SYSTEM),
        () => clients.setStatus(id, 'disabled', undefined, SYSTEM),
        () => clients.remove(id, undefined, SYSTEM),
        () => clients.addSecret(id, SYSTEM),
        () => clients.listSecrets(id),
        () => clients.revokeSecret(id, 'csi-1', SYSTEM),
      ]) {
        expect(await refusal(change())).toMatchObject({ code: 'client_not_found', status: 404 })
      }
    },
  )
})

describe('changing', () => {
  test('replaces the members given and grows the version', async () => {
    const created = () => clients.create(machine({ client_name: 'Before' }), SYSTEM)
    const { client } = await heard(here, 'signet_clients', created, (result) => result.client.id)
    const allowances = [{ resource: API, scopes: ['posts:write'] }]
    expect(await clients.find(client.id)).toEqual(client)
    const after = await clients.update(client.id, { metadata: { client_name: 'After' }, allowances }, 1, BY)
    expect(after).toMatchObject({ metadata: { client_name: 'After', jwks: KEYS }, allowances, version: 2 })
    expect(await clients.find(client.id)).toEqual(after)
    expect((await events(client.id))[0]).toEqual(['client.updated', 'success', 'cli-admin'])
    expect(await lastDetail(client.id)).toEqual({ changed: ['allowances', 'client_name'] })
  })

  test('refuses a change and a removal that were made for an older version', async () => {
    const { client } = await clients.create(machine(), SYSTEM)
    await clients.update(client.id, { metadata: { client_name: 'Second' } }, 1, SYSTEM)
    for (const change of [
      () => clients.update(client.id, { metadata: { client_name: 'Third' } }, 1, SYSTEM),
      () => clients.setStatus(client.id, 'disabled', 1, SYSTEM),
      () => clients.remove(client.id, 1, SYSTEM),
    ]) {
      const error = await refusal(change())
      expect(error).toMatchObject({ code: 'version_mismatch', status: 412 })
      expect(error.message).toContain('made for version 1; it is now version 2')
    }
    expect(await clients.read(client.id)).toMatchObject({ metadata: { client_name: 'Second' }, status: 'enabled' })
  })

  test('lets one of ten writers of one version through, and loses none of those that expect no version', async () => {
    const { client } = await clients.create(machine(), SYSTEM)
    const writes = Array.from({ length: 10 }, (_, n) =>
      clients.update(client.id, { metadata: { client_name: `Writer ${n}` } }, 1, SYSTEM),
    )
    const results = await Promise.allSettled(writes)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await clients.read(client.id))?.version).toBe(2)
    const members = [{ software_id: 's' }, { software_version: '1' }, { contacts: ['a@example.com'] }]
    await Promise.all(members.map((metadata) => clients.update(client.id, { metadata }, undefined, SYSTEM)))
    expect(await clients.read(client.id)).toMatchObject({
      metadata: { software_id: 's', software_version: '1', contacts: ['a@example.com'] },
      version: 5,
    })
  })

  test('changes nothing when the document that was read is sent back', async () => {
    const security = {
      signet_pkce: 'optional',
      signet_assertion_audience: 'token_endpoint',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: KEYS,
      require_pushed_authorization_requests: true,
    }
    const allowances = [{ resource: API, scopes: ['posts:read'] }]
    const metadata = { redirect_uris: ['https://app.example.com/cb'], scope: 'openid', ...security }
    const { client } = await clients.create(
      { origin: 'administrator', profile: 'web', metadata, allowances, defaultResource: API },
      SYSTEM,
    )
    const document = JSON.parse(JSON.stringify(clientToMetadata(client))) as Record<string, unknown>
    const after = await clients.update(client.id, metadataToInput(document, client), client.version, SYSTEM)
    expect(after).toEqual({ ...client, version: 2, updatedAt: after.updatedAt })
  })

  test('disables and enables, once each, with an event', async () => {
    const { client } = await clients.create(machine(), SYSTEM)
    expect(await clients.setStatus(client.id, 'disabled', 1, SYSTEM)).toMatchObject({ status: 'disabled', version: 2 })
    expect(await clients.setStatus(client.id, 'disabled', undefined, SYSTEM)).toMatchObject({ version: 2 })
    expect(await clients.find(client.id)).toMatchObject({ status: 'disabled' })
    await clients.setStatus(client.id, 'enabled', undefined, SYSTEM)
    expect((await events(client.id)).map(([type]) => type)).toEqual([
      'client.enabled',
      'client.disabled',
      'client.created',
    ])
  })

  test('removes a client with its secrets and allowances', async () => {
    const { client } = await clients.create(withSecret(), SYSTEM)
    await clients.remove(client.id, undefined, BY)
    expect(await clients.find(client.id)).toBeUndefined()
    const { rows } = await here.db.query('SELECT 1 FROM client_secrets WHERE client_id = $1', [client.id])
    expect(rows).toEqual([])
    expect((await events(client.id))[0]).toEqual(['client.deleted', 'success', 'cli-admin'])
  })
})

describe('listing', () => {
  test('gives every client once over all pages, oldest first', async () => {
    const own = await openRooms((await cloneDatabase()).url)
    // one statement: the rows share their time, so that the order hangs on the second part of the key
    await own.db.query(
      `INSERT INTO clients (id, profile, metadata, openid_scopes)
       SELECT 'cli-' || n, 'machine', '{}', '{}' FROM generate_series(1, 25) n`,
    )
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: { limit: number; cursor?: string } = cursor === null ? { limit: 10 } : { limit: 10, cursor }
      const page: { items: { id: string }[]; nextCursor: string | null } = await own.clients.list(query)
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toHaveLength(25)
    expect(new Set(seen).size).toBe(25)
  })

  test.each(['!', 'AAAA', Buffer.from('["2026-01-01","x"]').toString('base64url'), ''])(
    'refuses the cursor %j',
    async (cursor) => {
      expect(await refusal(clients.list({ limit: 1, cursor }))).toMatchObject({ code: 'invalid_cursor', status: 400 })
    },
  )
})
