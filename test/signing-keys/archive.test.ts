/** Archived signing keys on a real database: which keys are archived, for how long, and that revoking one ends it. */
import { beforeEach, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { openRooms, refusal, type Rooms } from '../support/rooms.ts'

const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const

let here: Rooms
let there: Rooms
let kid: string

beforeEach(async () => {
  const { url } = await cloneDatabase()
  here = await openRooms(url)
  there = await openRooms(url)
  await here.signingKeys.ensure(SYSTEM)
  await there.signingKeys.ensure(SYSTEM)
  await here.signingKeys.rotate('ES256', SYSTEM)
  kid = here.signingKeys.current().keys.find(({ status }) => status === 'retired')?.kid as string
  return async () => {
    for (const rooms of [here, there]) rooms.signingKeys.close()
  }
})

const retiredFor = (interval: string, table = 'signing_keys') =>
  here.db.query(`UPDATE ${table} SET retired_at = now() - $2::interval WHERE kid = $1`, [kid, interval])

async function archive(): Promise<void> {
  await retiredFor('26 hours')
  await here.signingKeys.sweep()
}

test('a key that was retired more than 25 hours ago leaves the ring on every node, and its public part is archived', async () => {
  await retiredFor('24 hours')
  await here.signingKeys.sweep()
  expect(here.signingKeys.current().keys).toHaveLength(5)
  await archive()
  for (const { signingKeys } of [here, there]) {
    await eventually(() => signingKeys.current().archivedKeys.length === 1, SOON_MS)
    expect(signingKeys.current().keys.map((key) => key.kid)).not.toContain(kid)
    const [archived] = signingKeys.current().archivedKeys
    expect(archived).toMatchObject({ kid, alg: 'ES256', status: 'archived', publicJwk: { kid, alg: 'ES256' } })
    expect(archived?.publicJwk).not.toHaveProperty('d')
    expect((await signingKeys.list()).map((key) => key.status)).toContain('archived')
  }
})

test('a start archives too, once on two nodes', async () => {
  await retiredFor('26 hours')
  await Promise.all([here, there].map(({ signingKeys }) => signingKeys.ensure(SYSTEM)))
  for (const { signingKeys } of [here, there]) {
    await signingKeys.reload()
    expect(signingKeys.current().archivedKeys.map((key) => key.kid)).toEqual([kid])
  }
})

test('an archived key stays for as long as a session or a refresh token can live', async () => {
  await archive()
  await retiredFor('179 days', 'archived_signing_keys')
  await here.signingKeys.sweep()
  expect(here.signingKeys.current().archivedKeys).toHaveLength(1)
  await here.settings.change({ lifetimes: { refresh_token_absolute_seconds: 200 * 86_400 } }, undefined, SYSTEM)
  await retiredFor('181 days', 'archived_signing_keys')
  await here.signingKeys.sweep()
  expect(here.signingKeys.current().archivedKeys).toHaveLength(1)
  await here.settings.change({ lifetimes: { refresh_token_absolute_seconds: null } }, undefined, SYSTEM)
  await here.signingKeys.sweep()
  expect(here.signingKeys.current().archivedKeys).toHaveLength(0)
  await eventually(() => there.signingKeys.current().archivedKeys.length === 0, SOON_MS)
})

test('an archived key can be revoked, and is not retired again', async () => {
  await archive()
  const again = await refusal(here.signingKeys.retire(kid, BY))
  expect(again).toMatchObject({ code: 'key_conflict', status: 409 })
  expect(again.message).toBe(`The signing key ${kid} is archived; it left service before.`)
  await here.signingKeys.revoke(kid, BY)
  await eventually(() => there.signingKeys.current().archivedKeys.length === 0, SOON_MS)
  const [event] = await here.audit.list({ limit: 1, subject: kid })
  expect(event).toMatchObject({ type: 'key.revoked', outcome: 'success', detail: { status: 'archived' } })
  expect(here.signingKeys.current().keys).toHaveLength(4)
  expect(await refusal(here.signingKeys.revoke(kid, BY))).toMatchObject({ code: 'key_not_found', status: 404 })
})

test('a key that is archived while it is revoked is never kept unnoticed', async () => {
  await retiredFor('26 hours')
  const [revoked] = await Promise.allSettled([here.signingKeys.revoke(kid, BY), there.signingKeys.sweep()])
  await here.signingKeys.reload()
  const left = here.signingKeys.current().archivedKeys.map((key) => key.kid)
  if (revoked.status === 'fulfilled') expect(left).toEqual([])
  else expect(revoked.reason).toMatchObject({ code: 'key_conflict', status: 409 })
})
