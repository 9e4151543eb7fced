/** The life of a client's keys on a real database: added, seen, used, revoked, fetched anew; on two nodes. */
import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { Client } from '#clients/client.ts'
import { keyThumbprint } from '#clients/key-thumbprint.ts'
import { keysHost } from '../support/keys-host.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { openRooms, refusal } from '../support/rooms.ts'

const { url } = await cloneDatabase()
const [here, there] = await Promise.all([openRooms(url), openRooms(url)])
const { clients, clientKeys, audit } = here
const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const

function aKey(kid: string): JWK & { kty: string } {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...(publicKey.export({ format: 'jwk' }) as JWK & { kty: string }), kid, alg: 'ES256', use: 'sig' }
}

async function machine(...keys: JWK[]): Promise<Client> {
  return (await clients.create({ origin: 'administrator', profile: 'machine', metadata: { jwks: { keys } } }, SYSTEM))
    .client
}

async function machineAt(uri: string): Promise<Client> {
  return (await clients.create({ origin: 'administrator', profile: 'machine', metadata: { jwks_uri: uri } }, SYSTEM))
    .client
}

async function lastEvent(id: string) {
  const [event] = await audit.list({ limit: 1, subject: id })
  return event && { type: event.type, outcome: event.outcome, actor: event.actor.id, detail: event.detail }
}

async function statuses(id: string) {
  const { keys } = await clientKeys.report(id)
  return keys.map(({ kid, status }) => `${kid} ${status}`).toSorted((a, b) => a.localeCompare(b))
}

const kids = (client: Client | undefined) =>
  (client?.metadata.jwks as { keys: JWK[] } | undefined)?.keys.map(({ kid }) => kid)

test('a thumbprint is that of RFC 7638, for every kind of key', async () => {
  for (const pair of [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ed25519'),
  ]) {
    const jwk = pair.publicKey.export({ format: 'jwk' })
    expect(keyThumbprint({ ...jwk, kid: 'any', alg: 'any' })).toBe(await calculateJwkThumbprint(jwk as JWK))
  }
})

describe('adding', () => {
  test('puts a key beside those there are, with its event', async () => {
    const [first, second] = [aKey('one'), aKey('two')]
    const { id } = await machine(first)
    const thumbprint = await clients.addKey(id, { ...second, ext: true }, BY)
    expect(thumbprint).toBe(keyThumbprint(second))
    expect((await clients.read(id))?.metadata.jwks).toEqual({ keys: [first, second] })
    expect(await statuses(id)).toEqual(['one active', 'two active'])
    expect(await lastEvent(id)).toEqual({
      type: 'client.key_added',
      outcome: 'success',
      actor: 'cli-admin',
      detail: { thumbprint, kid: 'two' },
    })
  })

  test('loses none of several that are added at once', async () => {
    const { id } = await machine(aKey('k0'))
    await Promise.all(['k1', 'k2', 'k3', 'k4'].map((kid) => clients.addKey(id, aKey(kid), BY)))
    expect(new Set(kids(await clients.read(id)))).toEqual(new Set(['k0', 'k1', 'k2', 'k3', 'k4']))
  })

  test('tells what is wrong with a key by its own members', async () => {
    const { id } = await machine(aKey('one'))
    const { kid: _kid, ...nameless } = aKey('x')
    const error = await refusal(clients.addKey(id, { ...nameless, d: 'secret', use: 'sign' }, BY))
    expect(error).toMatchObject({ code: 'invalid_client_metadata', status: 400 })
    expect(error.faults).toEqual([
      { field: 'd', given: '(not shown)', expected: 'the public key only; make a new key, this one was sent' },
    ])
    expect((await refusal(clients.addKey(id, aKey('one'), BY))).faults).toEqual([
      { field: 'jwks.keys[1].kid', given: 'one', expected: 'a kid that no other key of the set has' },
    ])
  })

  test('refuses a key that is there under another name, one that was revoked, and one for a client with an address', async () => {
    const [first, second] = [aKey('one'), aKey('two')]
    const { id } = await machine(first, second)
    expect(await refusal(clients.addKey(id, { ...first, kid: 'other' }, BY))).toMatchObject({
      code: 'client_key_exists',
      status: 409,
      message: `The key given is a key of it already (client "${id}").`,
    })
    await clients.revokeKey(id, 'one', BY)
    expect(await refusal(clients.addKey(id, { ...first, kid: 'other' }, BY))).toMatchObject({
      code: 'client_key_revoked',
      status: 409,
      message: `The key given was revoked and stays refused: make a new one (client "${id}").`,
    })
    const error = await refusal(clients.update(id, { metadata: { jwks: { keys: [second, first] } } }, undefined, BY))
    expect(error.faults).toEqual([
      { field: 'jwks.keys[1]', given: 'one', expected: 'a key that was not revoked: make a new one' },
    ])
    const published = await machineAt('http://localhost:1/jwks')
    expect(await refusal(clients.addKey(published.id, aKey('x'), BY))).toMatchObject({
      code: 'client_keys_published',
      status: 409,
      message: `The client "${published.id}" publishes its keys at http://localhost:1/jwks: add the key there.`,
    })
    expect(await refusal(clients.addKey('cli-none', aKey('x'), BY))).toMatchObject({ code: 'client_not_found' })
  })
})

describe('revoking', () => {
  test('takes a key out of the metadata and remembers it as refused, by kid or by thumbprint, on every node', async () => {
    const keys = [aKey('one'), aKey('two'), aKey('three')]
    const { id } = await machine(...keys)
    expect((await there.clients.find(id))?.revokedKeys.size).toBe(0)
    await clients.revokeKey(id, 'one', BY)
    expect(await lastEvent(id)).toEqual({
      type: 'client.key_revoked',
      outcome: 'success',
      actor: 'cli-admin',
      detail: { keys: [{ thumbprint: keyThumbprint(keys[0] as JWK & { kty: string }), kid: 'one' }] },
    })
    await clients.revokeKey(id, keyThumbprint(keys[1] as JWK & { kty: string }), BY)
    await eventually(async () => (await there.clients.find(id))?.revokedKeys.size === 2, SOON_MS)
    expect(kids(await there.clients.find(id))).toEqual(['three'])
    expect(await statuses(id)).toEqual(['one revoked', 'three active', 'two revoked'])
  })

  test('the last key stays in the metadata as a refused one, and gives way to the next', async () => {
    const { id } = await machine(aKey('one'))
    await clients.revokeKey(id, 'one', BY)
    expect(await statuses(id)).toEqual(['one revoked'])
    await clients.update(id, { metadata: { client_name: 'Renamed' } }, undefined, BY)
    await clients.addKey(id, aKey('two'), BY)
    expect(kids(await clients.read(id))).toEqual(['two'])
  })

  test('an unknown key, one that was revoked before and an unknown client are told', async () => {
    const { id } = await machine(aKey('one'), aKey('two'))
    await clients.revokeKey(id, 'one', BY)
    for (const name of ['one', 'nobody', '\u0000', '']) {
      expect(await refusal(clients.revokeKey(id, name, BY)), name).toMatchObject({
        code: 'client_key_not_found',
        status: 404,
        message: `The client "${id}" has no key ${JSON.stringify(name)} that could be revoked.`,
      })
    }
    expect(await refusal(clients.revokeKey('cli-none', 'one', BY))).toMatchObject({ code: 'client_not_found' })
  })
})

describe('uses', () => {
  test('are gathered and written together, the latest of each key', async () => {
    const [first, second] = [aKey('one'), aKey('two')]
    const { id } = await machine(first, second)
    const written = async () => {
      const { rows } = await here.db.query<{ kid: string }>(
        'SELECT kid FROM client_keys WHERE client_id = $1 AND last_used_at IS NOT NULL',
        [id],
      )
      return rows.map(({ kid }) => kid)
    }
    for (let uses = 0; uses < 100; uses++) clientKeys.used(id, first)
    expect(await written()).toEqual([])
    clientKeys.used('cli-gone', second)
    await clientKeys.flush()
    expect(await written()).toEqual(['one'])
    const { keys } = await there.clientKeys.report(id)
    const isUsed = Object.fromEntries(keys.map(({ kid, lastUsedAt }) => [kid, lastUsedAt !== null]))
    expect(isUsed).toEqual({ one: true, two: false })
  })

  test('an earlier use that is written later does not count', async () => {
    const key = aKey('one')
    const { id } = await machine(key)
    const before = Date.now()
    there.clientKeys.used(id, key)
    await eventually(() => Date.now() > before + 1)
    clientKeys.used(id, key)
    const [latest] = (await clientKeys.report(id)).keys
    await there.clientKeys.flush()
    expect((await clientKeys.report(id)).keys[0]?.lastUsedAt).toEqual(latest?.lastUsedAt)
  })
})

describe('the keys behind an address', () => {
  test('are fetched by order for every node, with those that went and those that came', async () => {
    const [first, second] = [aKey('one'), aKey('two')]
    const host = await keysHost([first])
    const { id } = await machineAt(host.url)
    expect(await clientKeys.report(id)).toEqual({ keys: [], document: undefined })
    await clientKeys.refetch(id, BY)
    expect(await statuses(id)).toEqual(['one active'])
    expect((await there.clients.find(id))?.publishedKeys?.keys).toEqual([first])
    host.answer.keys = [second]
    const { keys, document } = await clientKeys.refetch(id, BY)
    expect(keys.map(({ kid, status }) => [kid, status])).toEqual([
      ['two', 'active'],
      ['one', 'gone'],
    ])
    expect(document).toMatchObject({ uri: host.url, fetchedAt: expect.any(Date), error: null })
    await eventually(async () => (await there.clients.find(id))?.publishedKeys?.keys[0]?.kid === 'two', SOON_MS)
    const events = await audit.list({ limit: 2, subject: id })
    expect(events.map(({ type, actor, detail }) => [type, actor.kind, detail])).toEqual([
      ['client.keys_refetched', 'client', undefined],
      ['client.keys_changed', 'system', { added: [keyThumbprint(second)], removed: [keyThumbprint(first)] }],
    ])
  })

  test('stay when the fetch fails, and it is told why', async () => {
    const host = await keysHost([aKey('one')])
    const { id } = await machineAt(host.url)
    await clientKeys.refetch(id, BY)
    host.answer.status = 500
    const { keys, document } = await clientKeys.refetch(id, BY)
    expect(keys.map(({ kid, status }) => [kid, status])).toEqual([['one', 'active']])
    expect(document?.error).toBe('it answered with status 500')
    const [event] = await audit.list({ limit: 1, subject: id })
    expect(event).toMatchObject({
      type: 'client.keys_refetched',
      outcome: 'failure',
      reason: 'it answered with status 500',
      actor: { id: 'cli-admin' },
    })
  })

  test.each([
    ['{"keys": "none"}', 'it answered with something that is no JWK Set'],
    ['<html>', 'it answered with something that is no JWK Set'],
  ])('%s is no set of keys', async (body, reason) => {
    const host = await keysHost([])
    host.answer.body = body
    const { id } = await machineAt(host.url)
    expect((await clientKeys.refetch(id, BY)).document).toMatchObject({ fetchedAt: null, error: reason })
  })

  test('are told apart: a key of an unknown kind and a private one are none', async () => {
    const good = aKey('good')
    const host = await keysHost([{ kty: 'oct', k: 'c2VjcmV0' }, { ...aKey('bad'), d: 'AAAA' }, { kty: 'ZZ' }, good])
    const { id } = await machineAt(host.url)
    await clientKeys.refetch(id, BY)
    expect(await statuses(id)).toEqual(['good active'])
  })

  test('cannot be fetched where there is no address, and for no client', async () => {
    const { id } = await machine(aKey('one'))
    expect(await refusal(clientKeys.refetch(id, BY))).toMatchObject({
      code: 'client_keys_not_published',
      status: 409,
      message: `The client "${id}" has no jwks_uri: there is nothing to fetch.`,
    })
    expect(await refusal(clientKeys.refetch('cli-none', BY))).toMatchObject({ code: 'client_not_found', status: 404 })
    expect(await refusal(clientKeys.report('cli-none'))).toMatchObject({ code: 'client_not_found', status: 404 })
  })

  test('no more than two hundred keys of a client are remembered, and every revoked one', async () => {
    const host = await keysHost([aKey('first')])
    const { id } = await machineAt(host.url)
    await clientKeys.refetch(id, BY)
    await clients.revokeKey(id, 'first', BY)
    for (let round = 0; round < 5; round++) {
      host.answer.keys = Array.from({ length: 50 }, (_, at) => aKey(`k${round}-${at}`))
      await clientKeys.refetch(id, BY)
    }
    const { keys } = await clientKeys.report(id)
    expect(keys.filter(({ status }) => status === 'active')).toHaveLength(50)
    expect(keys.filter(({ status }) => status === 'revoked').map(({ kid }) => kid)).toEqual(['first'])
    expect(keys.length).toBeLessThanOrEqual(201)
  })
})
