/** `/keys` and `/audit`. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()

interface Key {
  kid: string
  alg: string
  status: string
  public_jwk: Record<string, unknown>
}

const keys = async (): Promise<Key[]> => (await app.call('GET', '/keys')).body.items
const keyOf = async (alg: string, status: string) =>
  (await keys()).find((key) => key.alg === alg && key.status === status) as Key

test('lists the keys of each algorithm without a private part', async () => {
  const all = await keys()
  expect(all.map(({ alg, status }) => `${alg} ${status}`).toSorted()).toEqual([
    'ES256 current',
    'ES256 next',
    'RS256 current',
    'RS256 next',
  ])
  for (const { public_jwk } of all) {
    expect(public_jwk).not.toHaveProperty('d')
    expect(public_jwk).toHaveProperty('kty')
  }
})

test('rotates one algorithm: next becomes current, current is retired, a new next is made', async () => {
  const current = await keyOf('ES256', 'current')
  const next = await keyOf('ES256', 'next')
  const other = await keyOf('RS256', 'current')
  const answer = await app.call('POST', '/keys/rotate', { body: { alg: 'ES256' } })
  expect(answer.status).toBe(200)
  expect((await keyOf('ES256', 'current')).kid).toBe(next.kid)
  expect((await keyOf('ES256', 'retired')).kid).toBe(current.kid)
  expect((await keyOf('ES256', 'next')).kid).not.toBe(next.kid)
  expect((await keyOf('RS256', 'current')).kid).toBe(other.kid)
  expect((await app.events('key.rotated'))[0]).toMatchObject({ actor: { kind: 'client', id: app.caller.id } })
})

test('rotates all algorithms when there is no body', async () => {
  const before = await keyOf('RS256', 'next')
  expect((await app.call('POST', '/keys/rotate')).status).toBe(200)
  expect((await keyOf('RS256', 'current')).kid).toBe(before.kid)
})

test('refuses to rotate an unknown algorithm', async () => {
  const answer = await app.call('POST', '/keys/rotate', { body: { alg: 'HS256', all: true } })
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toEqual([
    { field: 'alg', given: 'HS256', expected: 'one of "ES256", "RS256", "PS256"' },
    { field: 'all', given: true, expected: expect.stringMatching(/^no member of this name/) },
  ])
})

test('revokes a retired key: it is published no more', async () => {
  const retired = await keyOf('ES256', 'retired')
  expect((await app.call('DELETE', `/keys/${retired.kid}`)).status).toBe(204)
  expect((await keys()).map(({ kid }) => kid)).not.toContain(retired.kid)
  expect(app.signingKeys.current().keys.map(({ kid }) => kid)).not.toContain(retired.kid)
  const again = await app.call('DELETE', `/keys/${retired.kid}`)
  expect(again).toMatchObject({
    status: 404,
    body: { code: 'key_not_found', detail: `There is no signing key "${retired.kid}".` },
  })
  expect((await app.events('key.revoked'))[0]).toMatchObject({ subject: { id: retired.kid } })
})

test('refuses to retire a key that does not exist', async () => {
  const answer = await app.call('POST', '/keys/nothing/retire')
  expect(answer).toMatchObject({ status: 404, body: { code: 'key_not_found' } })
  expect(await app.refusal()).toMatchObject({ reason: 'key_not_found' })
})

test('lists events newest first with who, what, from where and in which request', async () => {
  const created = await app.call('POST', '/resources', {
    body: { resource: 'https://api.example.com' },
    headers: { 'x-request-id': 'request-of-the-test' },
  })
  expect(created.status).toBe(201)
  const { body } = await app.call('GET', '/audit?limit=1')
  expect(body.items).toEqual([
    {
      id: expect.stringMatching(/^\d+$/),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      type: 'resource.created',
      outcome: 'success',
      actor: { kind: 'client', id: app.caller.id },
      subject: { kind: 'resource', id: 'https://api.example.com' },
      client_id: null,
      account_id: null,
      address: '127.0.0.1',
      request_id: created.headers.get('x-request-id'),
      caller_request_id: 'request-of-the-test',
      reason: null,
      detail: expect.any(Object),
    },
  ])
})

test('goes through all events page by page, each once', async () => {
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await app.call('GET', `/audit?limit=4${cursor && `&cursor=${cursor}`}`)
    ids.push(...body.items.map(({ id }: { id: string }) => id))
    cursor = body.next_cursor
  }
  expect(ids.length).toBeGreaterThan(8)
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => Number(b) - Number(a)))
})

test('filters events', async () => {
  const { body: made } = await app.call('POST', '/accounts', { body: { email: 'ada@example.com' } })
  await app.call('POST', '/accounts', { body: { email: 'ada@example.com' } })
  const types = async (query: string) => {
    const { body } = await app.call('GET', `/audit?${query}`)
    return body.items.map(({ type }: { type: string }) => type)
  }
  expect(await types(`subject=${made.sub}`)).toEqual(['account.created'])
  expect(await types(`account_id=${made.sub}`)).toEqual(['account.created'])
  expect(await types('type=account.created')).toEqual(['account.created'])
  expect(await types('outcome=failure&limit=1')).toEqual(['admin.refused'])
  expect(new Set(await types(`client_id=${app.caller.id}&outcome=failure`))).toEqual(new Set(['admin.refused']))
  expect(await types('actor=nobody')).toEqual([])
  expect(await types('since=2100-01-01T00:00:00Z')).toEqual([])
  expect(await types('until=2000-01-01T00:00:00Z')).toEqual([])
})

test.each([
  ['type=account.maed', 'type'],
  ['outcome=maybe', 'outcome'],
  ['since=yesterday', 'since'],
])('refuses the filter %s', async (query, field) => {
  const answer = await app.call('GET', `/audit?${query}`)
  expect(answer.status).toBe(400)
  expect(answer.body.errors).toMatchObject([{ field, expected: expect.any(String) }])
})
