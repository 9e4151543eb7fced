/** Signing keys on a real database: first start, sealing, rotation, revocation, and what another node sees. */
import { calculateJwkThumbprint, compactVerify, CompactSign, importJWK, type JWK } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { createKeyring } from '#sealing/keyring.ts'
import type { KeySet, SigningAlg, SigningKey } from '#signing-keys/signing-key.ts'
import { createSigningKeys } from '#signing-keys/signing-keys.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { openRooms, refusal, type Rooms } from '../support/rooms.ts'
import { atMost } from '../support/time-limits.ts'

const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const

let url: string
let here: Rooms
let there: Rooms

beforeEach(async () => {
  url = (await cloneDatabase()).url
  here = await openRooms(url)
  there = await openRooms(url)
  return async () => {
    for (const rooms of [here, there]) rooms.signingKeys.close()
  }
})

function one(keys: readonly SigningKey[], alg: SigningAlg, status: SigningKey['status']): SigningKey {
  const found = keys.filter((key) => key.alg === alg && key.status === status)
  expect(found).toHaveLength(1)
  return found[0] as SigningKey
}

async function events(kid: string) {
  const stored = await here.audit.list({ limit: 50, subject: kid })
  return stored.map(({ type, outcome, actor }) => [type, outcome, actor.id])
}

async function sign(set: KeySet, alg: SigningAlg): Promise<string> {
  const jwk = set.privateJwks.find((key) => key.alg === alg) as JWK
  const signer = new CompactSign(Buffer.from('text')).setProtectedHeader({ alg, kid: String(jwk.kid) })
  return signer.sign(await importJWK(jwk, alg))
}

async function verifies(set: KeySet, jws: string): Promise<boolean> {
  const result = await compactVerify(jws, ({ kid, alg }) => {
    const key = set.keys.find((candidate) => candidate.kid === kid)
    if (!key) throw new Error('unknown key')
    return importJWK(key.publicJwk, alg)
  }).catch(() => undefined)
  return result !== undefined
}

describe('the first start', () => {
  test('makes a current and a next key for each algorithm, named by their thumbprints', async () => {
    await here.signingKeys.ensure(SYSTEM)
    const { keys, privateJwks } = here.signingKeys.current()
    expect(keys).toHaveLength(4)
    for (const alg of ['ES256', 'RS256'] as const) {
      const current = one(keys, alg, 'current')
      const next = one(keys, alg, 'next')
      expect(current.activatedAt).toBeInstanceOf(Date)
      expect(next.activatedAt).toBeUndefined()
      expect(await calculateJwkThumbprint(current.publicJwk)).toBe(current.kid)
      expect(current.publicJwk).toMatchObject({ kid: current.kid, alg, use: 'sig' })
      expect(current.publicJwk).not.toHaveProperty('d')
      expect(await events(current.kid)).toEqual([['key.created', 'success', undefined]])
    }
    expect(privateJwks.map(({ kid }) => String(kid)).toSorted()).toEqual(
      [one(keys, 'ES256', 'current').kid, one(keys, 'RS256', 'current').kid].toSorted(),
    )
    const rsa = Buffer.from(String(one(keys, 'RS256', 'current').publicJwk.n), 'base64url')
    expect(rsa.length * 8).toBe(2048)
  })

  test('makes one set when two nodes start at once, and nothing more at the next start', async () => {
    await Promise.all([here, there, here, there].map(({ signingKeys }) => signingKeys.ensure(SYSTEM)))
    expect(here.signingKeys.current().keys).toHaveLength(4)
    expect(there.signingKeys.current()).toEqual(here.signingKeys.current())
    const { version } = here.signingKeys.current()
    await here.signingKeys.ensure(SYSTEM)
    expect(here.signingKeys.current().version).toBe(version)
    const { rows } = await here.db.query(`SELECT 1 FROM audit_events WHERE type = 'key.created'`)
    expect(rows).toHaveLength(4)
  })

  test('has a PS256 key once it was added, one set however often and wherever, and keeps it at the next start', async () => {
    await Promise.all([here, there].map(({ signingKeys }) => signingKeys.ensure(SYSTEM)))
    await expect(here.signingKeys.rotate('PS256', SYSTEM)).rejects.toThrow(
      'There is no current PS256 key to rotate; it is made when the first client is registered with id_token_signed_response_alg=PS256.',
    )
    await Promise.all([here, there, here, there].map(({ signingKeys }) => signingKeys.add('PS256', SYSTEM)))
    const statuses = ({ keys }: KeySet) =>
      keys.flatMap(({ alg, status }) => (alg === 'PS256' ? [status] : [])).toSorted()
    for (const { signingKeys } of [here, there]) expect(statuses(signingKeys.current())).toEqual(['current', 'next'])
    await here.signingKeys.rotate(undefined, SYSTEM)
    expect(statuses(here.signingKeys.current())).toEqual(['current', 'next', 'retired'])
    const { version } = here.signingKeys.current()
    await here.signingKeys.ensure(SYSTEM)
    await here.signingKeys.add('PS256', SYSTEM)
    expect(here.signingKeys.current().version).toBe(version)
    const { rows } = await here.db.query(
      `SELECT 1 FROM audit_events WHERE type = 'key.created' AND detail->>'alg' = 'PS256'`,
    )
    expect(rows).toHaveLength(3)
  })

  test('stores no private part that opens without the master key', async () => {
    await here.signingKeys.ensure(SYSTEM)
    const { rows } = await here.db.query<{ row: string; private_jwk: Buffer }>(
      'SELECT signing_keys::text AS row, private_jwk FROM signing_keys',
    )
    const secrets = here.signingKeys.current().privateJwks.map(({ d }) => String(d))
    for (const { row, private_jwk: sealed } of rows) {
      for (const secret of secrets) {
        expect(row).not.toContain(secret)
        expect(sealed.toString('latin1')).not.toContain(secret)
      }
    }
    const strangers = createSigningKeys({
      ...here,
      keyring: createKeyring([Buffer.alloc(32, 7)]),
      hintSeconds: () => 0,
      clock: { now: () => new Date() },
    })
    await expect(strangers.ensure(SYSTEM)).rejects.toThrow(/which is not among those given/)
    strangers.close()
  })

  test('refuses a sealed private part that was moved to another key', async () => {
    await here.signingKeys.ensure(SYSTEM)
    await here.db.query(
      `UPDATE signing_keys SET private_jwk = (SELECT private_jwk FROM signing_keys WHERE alg = 'RS256' AND status = 'current')
       WHERE alg = 'ES256' AND status = 'current'`,
    )
    const fresh = await openRooms(url)
    await expect(fresh.signingKeys.ensure(SYSTEM)).rejects.toThrow('a sealed value was altered or moved')
  })
})

describe('rotation', () => {
  beforeEach(async () => {
    await here.signingKeys.ensure(SYSTEM)
    await there.signingKeys.ensure(SYSTEM)
  })

  test('moves next to current and current to retired, erases the private part and makes a new next', async () => {
    const before = here.signingKeys.current()
    const jws = await sign(before, 'ES256')
    const changed = await here.signingKeys.rotate('ES256', BY)
    const after = here.signingKeys.current()
    const retired = one(after.keys, 'ES256', 'retired')
    const current = one(after.keys, 'ES256', 'current')
    expect(retired.kid).toBe(one(before.keys, 'ES256', 'current').kid)
    expect(current.kid).toBe(one(before.keys, 'ES256', 'next').kid)
    expect(changed.map(({ kid }) => kid).toSorted()).toEqual(
      [retired.kid, current.kid, one(after.keys, 'ES256', 'next').kid].toSorted(),
    )
    expect(one(after.keys, 'RS256', 'current')).toEqual(one(before.keys, 'RS256', 'current'))
    expect(retired.retiredAt).toBeInstanceOf(Date)
    const { rows } = await here.db.query('SELECT kid FROM signing_keys WHERE private_jwk IS NULL')
    expect(rows).toEqual([{ kid: retired.kid }])
    expect(await verifies(after, jws)).toBe(true)
    expect(await verifies(before, await sign(after, 'ES256'))).toBe(true)
    expect(await events(retired.kid)).toContainEqual(['key.retired', 'success', 'cli-admin'])
    expect(await events(current.kid)).toContainEqual(['key.rotated', 'success', 'cli-admin'])
  })

  test('rotates every algorithm when none is named', async () => {
    const changed = await here.signingKeys.rotate(undefined, SYSTEM)
    expect(changed.map(({ alg, status }) => `${alg} ${status}`).toSorted()).toEqual([
      'ES256 current',
      'ES256 next',
      'ES256 retired',
      'RS256 current',
      'RS256 next',
      'RS256 retired',
    ])
  })

  test('is followed by another node within a second, and its listeners are told', async () => {
    const told: string[] = []
    there.signingKeys.onChange(({ version }) => told.push(version))
    await here.signingKeys.rotate(undefined, SYSTEM)
    const { version } = here.signingKeys.current()
    await eventually(() => there.signingKeys.current().version === version, SOON_MS)
    expect(told).toEqual([version])
  })

  test('is followed by another node within five seconds when its notification is lost', async () => {
    // a rotation without a notification
    const { kid } = one(here.signingKeys.current().keys, 'ES256', 'current')
    await here.db.query(`UPDATE signing_keys SET status = 'retired', private_jwk = NULL WHERE kid = $1`, [kid])
    await here.db.query(`UPDATE signing_keys SET status = 'current' WHERE alg = 'ES256' AND status = 'next'`)
    const retired = () => there.signingKeys.current().keys.some((key) => key.kid === kid && key.status === 'retired')
    await eventually(retired, atMost(5000))
    expect(there.signingKeys.current().privateJwks.map((key) => key.kid)).not.toContain(kid)
  })

  test('happens step by step when two nodes rotate at once, or is refused', async () => {
    const tries = [here, there, here, there, here].map(({ signingKeys }) => signingKeys.rotate('ES256', SYSTEM))
    const results = await Promise.allSettled(tries)
    const done = results.filter(({ status }) => status === 'fulfilled').length
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    expect(done).toBeGreaterThan(0)
    for (const error of refused) expect(error).toMatchObject({ code: 'key_conflict', status: 409 })
    await here.signingKeys.reload()
    const { keys } = here.signingKeys.current()
    one(keys, 'ES256', 'current')
    one(keys, 'ES256', 'next')
    expect(keys.filter(({ alg, status }) => alg === 'ES256' && status === 'retired')).toHaveLength(done)
  })
})

describe('retiring and revoking', () => {
  beforeEach(async () => {
    await here.signingKeys.ensure(SYSTEM)
    await there.signingKeys.ensure(SYSTEM)
  })

  test('retires a current key, which stays published', async () => {
    const { kid } = one(here.signingKeys.current().keys, 'RS256', 'current')
    expect(await here.signingKeys.retire(kid, BY)).toMatchObject({ kid, status: 'retired' })
    expect(one(here.signingKeys.current().keys, 'RS256', 'retired').kid).toBe(kid)
    const again = await refusal(here.signingKeys.retire(kid, BY))
    expect(again).toMatchObject({ code: 'key_conflict', status: 409 })
    expect(again.message).toBe(`The signing key ${kid} is retired already.`)
  })

  test('refuses to retire a key that has not signed', async () => {
    const { kid } = one(here.signingKeys.current().keys, 'ES256', 'next')
    const error = await refusal(here.signingKeys.retire(kid, BY))
    expect(error).toMatchObject({ code: 'key_conflict', status: 409 })
    expect(error.message).toBe(`The signing key ${kid} has not signed yet; revoke it to replace it by another.`)
  })

  test('revokes a current key at once on every node and puts the next one in its place', async () => {
    const before = here.signingKeys.current()
    const jws = await sign(before, 'ES256')
    const { kid } = one(before.keys, 'ES256', 'current')
    await here.signingKeys.revoke(kid, BY)
    await eventually(() => there.signingKeys.current().version === here.signingKeys.current().version, SOON_MS)
    const { keys } = there.signingKeys.current()
    expect(keys.map((key) => key.kid)).not.toContain(kid)
    expect(one(keys, 'ES256', 'current').kid).toBe(one(before.keys, 'ES256', 'next').kid)
    one(keys, 'ES256', 'next')
    expect(await verifies(there.signingKeys.current(), jws)).toBe(false)
    expect((await events(kid))[0]).toEqual(['key.revoked', 'success', 'cli-admin'])
  })

  test('revokes a next key and makes another', async () => {
    const before = here.signingKeys.current().keys
    await here.signingKeys.revoke(one(before, 'ES256', 'next').kid, BY)
    const after = here.signingKeys.current().keys
    expect(one(after, 'ES256', 'next').kid).not.toBe(one(before, 'ES256', 'next').kid)
    expect(one(after, 'ES256', 'current')).toEqual(one(before, 'ES256', 'current'))
  })

  test.each(['nobody', '', 'a b', '\u0000', 'x'.repeat(500)])('knows no key %j', async (kid) => {
    for (const change of [() => here.signingKeys.revoke(kid, BY), () => here.signingKeys.retire(kid, BY)]) {
      expect(await refusal(change())).toMatchObject({ code: 'key_not_found', status: 404 })
    }
  })
})
