/** The life of a client's keys as two processes obey it: revoked, replaced, fetched anew, believed for so long. */
import { decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '#database/pool.ts'
import type { Database } from '#database/database.ts'
import { administrator, type Administrator } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import { atEnd } from '../support/endings.ts'
import { type KeysHost, keysHost } from '../support/keys-host.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { type Server, type ServerProcess, startProcesses } from '../support/server.ts'

const API = 'https://api.example.com'
const REFUSED = {
  status: 401,
  body: { error: 'invalid_client', error_description: 'client authentication failed' },
}
let first: ServerProcess
let second: ServerProcess
let admin: Administrator
let db: Database

beforeAll(async () => {
  ;[first, second] = (await startProcesses(2)) as [ServerProcess, ServerProcess]
  admin = await administrator(first)
  await admin.resource(API, ['posts:read'])
  db = createDatabase({ url: first.databaseUrl, poolSize: 1 })
  atEnd(() => db.close())
})

interface Pair {
  readonly secret: JWK
  readonly open: JWK
}

async function aKey(kid: string): Promise<Pair> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const also = { alg: 'ES256', use: 'sig', kid }
  return {
    secret: { ...(await exportJWK(pair.privateKey)), ...also },
    open: { ...(await exportJWK(pair.publicKey)), ...also },
  }
}

async function machine(keys: Record<string, unknown>): Promise<string> {
  const { id } = await admin.client('machine', { ...keys, signet_allow: [{ resource: API, scopes: ['posts:read'] }] })
  return id
}

async function machineAt(...keys: Pair[]): Promise<{ id: string; host: KeysHost }> {
  const host = await keysHost(keys.map(({ open }) => open))
  host.answer.headers = { 'cache-control': 'max-age=31536000' }
  return { id: await machine({ jwks_uri: host.url }), host }
}

async function token(node: Server, clientId: string, { secret }: Pair, header: Record<string, unknown> = {}) {
  const params = await assertionParams({ issuer: node.issuer, clientId, key: secret, header })
  const response = await node.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...params }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

async function given(clientId: string, key: Pair): Promise<number[]> {
  return Promise.all([first, second].map(async (node) => (await token(node, clientId, key)).status))
}

/** Makes the document that all nodes share older than it is. */
async function age(clientId: string, seconds: number): Promise<void> {
  await db.query(
    `UPDATE client_key_documents SET fetched_at = fetched_at - make_interval(secs => $2),
       fresh_until = fresh_until - make_interval(secs => $2), attempted_at = attempted_at - make_interval(secs => $2)
     WHERE client_id = $1`,
    [clientId, seconds],
  )
  await forgetClients()
}

/** Has both processes read all clients again, as they do after five seconds; resolves once both have heard it. */
async function forgetClients(): Promise<void> {
  const key = await aKey('one')
  const id = await machine({ jwks: { keys: [key.open] } })
  expect(await given(id, key)).toEqual([200, 200])
  await db.query(`SELECT pg_notify('signet_clients', '')`)
  // who hears of a later change has heard of the earlier ones
  await admin.call('POST', `/clients/${id}/disable`)
  await eventually(async () => (await given(id, key)).join() === '401,401', SOON_MS)
}

describe('a key in the metadata', () => {
  test('that is revoked is refused by the other process within a second, and the log says why', async () => {
    const [old, next] = [await aKey('old'), await aKey('next')]
    const id = await machine({ jwks: { keys: [old.open] } })
    await admin.call('POST', `/clients/${id}/keys`, next.open)
    await eventually(async () => (await given(id, next)).join() === '200,200', SOON_MS)
    expect(await given(id, old)).toEqual([200, 200])
    await admin.call('DELETE', `/clients/${id}/keys/old`)
    expect(await token(first, id, old)).toEqual(REFUSED)
    await eventually(async () => (await token(second, id, old)).status === 401, SOON_MS)
    expect(await given(id, next)).toEqual([200, 200])
    const events = (await admin.audit('token.refused')).filter(({ client_id: clientId }) => clientId === id)
    expect(events[0]).toMatchObject({ outcome: 'failure', reason: expect.stringContaining('the key old was revoked') })
  })

  test('that was the last one leaves the client without a way in, until it has another', async () => {
    const [old, next] = [await aKey('old'), await aKey('next')]
    const id = await machine({ jwks: { keys: [old.open] } })
    await admin.call('DELETE', `/clients/${id}/keys/old`)
    await eventually(async () => (await given(id, old)).join() === '401,401', SOON_MS)
    // without a kid no key is named, and none is left to try
    expect(await token(second, id, old, { kid: undefined })).toEqual(REFUSED)
    await admin.call('POST', `/clients/${id}/keys`, next.open)
    await eventually(async () => (await given(id, next)).join() === '200,200', SOON_MS)
    expect(await given(id, old)).toEqual([401, 401])
  })

  test('tells when it was last used, whichever process it was used at', async () => {
    const [old, next] = [await aKey('old'), await aKey('next')]
    const id = await machine({ jwks: { keys: [old.open, next.open] } })
    expect(await token(first, id, next)).toMatchObject({ status: 200 })
    const { items } = await admin.call<{ items: Record<string, unknown>[] }>('GET', `/clients/${id}/keys`)
    const used = Object.fromEntries(items.map((key) => [key['kid'], key['last_used_at']]))
    expect(used).toEqual({ old: null, next: expect.any(String) })
    expect(Date.now() - Date.parse(String(used['next']))).toBeLessThan(60_000)
  })
})

describe('a key behind an address', () => {
  test('that is revoked stays refused on every process although the address shows it', async () => {
    const [stolen, good] = [await aKey('stolen'), await aKey('good')]
    const { id, host } = await machineAt(stolen, good)
    expect(await given(id, stolen)).toEqual([200, 200])
    await admin.call('DELETE', `/clients/${id}/keys/stolen`)
    await eventually(async () => (await given(id, stolen)).join() === '401,401', SOON_MS)
    // under another name it is the same key
    host.answer.keys = [{ ...stolen.open, kid: 'renamed' }, good.open]
    const { items } = await admin.call<{ items: Record<string, unknown>[] }>('POST', `/clients/${id}/keys/refetch`)
    expect(items.map(({ kid, status }) => `${String(kid)} ${String(status)}`)).toEqual([
      'good active',
      'renamed revoked',
    ])
    const renamed = { ...stolen, secret: { ...stolen.secret, kid: 'renamed' } }
    expect(await given(id, renamed)).toEqual([401, 401])
    expect(await token(second, id, stolen, { kid: undefined })).toEqual(REFUSED)
    await second.kill('SIGKILL')
    await second.restart()
    expect(await given(id, renamed)).toEqual([401, 401])
    expect(await given(id, good)).toEqual([200, 200])
  })

  test('that went is refused, and one that came is taken, within a second of a fetch by order', async () => {
    const [old, next] = [await aKey('old'), await aKey('next')]
    const { id, host } = await machineAt(old)
    expect(await given(id, old)).toEqual([200, 200])
    host.answer.keys = [next.open]
    await admin.call('POST', `/clients/${id}/keys/refetch`)
    await eventually(async () => (await given(id, old)).join() === '401,401', SOON_MS)
    expect(await given(id, next)).toEqual([200, 200])
  })

  test('is asked for once by both processes, also when the client or the signing keys change', async () => {
    const key = await aKey('one')
    const { id, host } = await machineAt(key)
    expect((await token(first, id, key)).status).toBe(200)
    expect((await token(second, id, key)).status).toBe(200)
    await admin.call('PATCH', `/clients/${id}`, { client_name: 'Renamed' })
    const { kid: before } = decodeProtectedHeader((await token(second, id, key)).body['access_token'] as string)
    await admin.call('POST', '/keys/rotate')
    await eventually(async () => {
      const { body } = await token(second, id, key)
      return decodeProtectedHeader(body['access_token'] as string).kid !== before
    }, SOON_MS)
    expect(await given(id, key)).toEqual([200, 200])
    await forgetClients()
    expect(await given(id, key)).toEqual([200, 200])
    expect(host.asked).toBe(1)
  })

  test('is believed for ten minutes, whatever its host says', async () => {
    const [old, next] = [await aKey('old'), await aKey('next')]
    const { id, host } = await machineAt(old)
    for (const node of [first, second]) expect((await token(node, id, old)).status).toBe(200)
    host.answer.keys = [next.open]
    await age(id, 500)
    expect(await given(id, old)).toEqual([200, 200])
    expect(host.asked).toBe(1)
    await age(id, 101)
    expect((await token(first, id, old)).status).toBe(401)
    expect((await token(second, id, old)).status).toBe(401)
    expect(await given(id, next)).toEqual([200, 200])
    expect(host.asked).toBeLessThanOrEqual(4)
  })

  test('is taken under a name that it had before with another key', async () => {
    const [old, next] = [await aKey('same'), await aKey('same')]
    const { id, host } = await machineAt(old)
    expect((await token(first, id, old)).status).toBe(200)
    host.answer.keys = [next.open]
    expect((await token(first, id, next)).status).toBe(200)
    expect((await token(first, id, old)).status).toBe(401)
  })

  test('is believed for a day while its host is down, and no longer', async () => {
    const key = await aKey('one')
    const { id, host } = await machineAt(key)
    expect(await given(id, key)).toEqual([200, 200])
    host.answer.status = 503
    await age(id, 3600)
    expect(await given(id, key)).toEqual([200, 200])
    const { document } = await admin.call<{ document: Record<string, unknown> }>('GET', `/clients/${id}/keys`)
    expect(document).toMatchObject({ jwks_uri: host.url, error: 'it answered with status 503' })
    await age(id, 86_400)
    expect(await token(first, id, key)).toEqual(REFUSED)
    expect(await token(second, id, key)).toEqual(REFUSED)
    host.answer.status = 200
    await admin.call('POST', `/clients/${id}/keys/refetch`)
    await eventually(async () => (await given(id, key)).join() === '200,200', SOON_MS)
  })

  test('is not asked for more than once a minute and process, however many unknown ones are tried', async () => {
    const [key, bogus] = [await aKey('one'), await aKey('bogus')]
    const { id, host } = await machineAt(key)
    expect(await given(id, key)).toEqual([200, 200])
    const before = host.asked
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => token(at % 2 ? first : second, id, bogus)),
      )
      for (const answer of answers) expect(answer).toEqual(REFUSED)
    }
    // a process that finds the answer to the other one does not ask itself
    expect([1, 2]).toContain(host.asked - before)
    expect(await given(id, key)).toEqual([200, 200])
  })

  test('that nobody could fetch yet is tried again after seconds, not with each request', async () => {
    const key = await aKey('one')
    const { id, host } = await machineAt(key)
    host.answer.status = 500
    for (let tries = 0; tries < 5; tries++) expect(await token(second, id, key)).toEqual(REFUSED)
    expect(host.asked).toBe(1)
    const [event] = (await admin.audit('token.refused')).filter(({ client_id: clientId }) => clientId === id)
    expect(event?.['reason']).toContain('The keys of the client could not be fetched: it answered with status 500')
  })
})
