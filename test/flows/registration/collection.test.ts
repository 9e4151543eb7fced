/** Clients of open registration that nobody uses are removed; what anybody uses or has allowed stays. */
import { expect, test } from 'vitest'
import { administrationOf } from '#admin/scopes.ts'
import { createAudit } from '#audit/recorder.ts'
import { type Collection, createCollection } from '#clients/registration/collection.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { createEndings } from '#oidc/endings/endings.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import { clientsInUse } from '#oidc/registration/in-use-store.ts'
import { endClientAccess } from '#oidc/sessions/account-access.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { systemClock } from '#shared/clock.ts'
import { atEnd } from '../../support/endings.ts'
import { person, textOf } from '../../support/person.ts'
import { ada, CALLBACK, registrationWorld, tool as publicTool } from '../../support/registration-world.ts'

const { server, admin, sub, idOf, appOf } = await registrationWorld('open')
const { db, collection } = anotherNode()

/** The job of another node. */
function anotherNode(): { db: PooledDatabase; collection: Collection } {
  const db = createDatabase({ url: server.databaseUrl })
  atEnd(() => db.close())
  const collection = createCollection({
    db,
    audit: createAudit({ db }),
    clock: systemClock,
    fetch: createGuardedFetch({ allow: [] }),
    findResource: async () => undefined,
    offers: offersOf(GRANTS, undefined),
    administration: administrationOf(server.issuer),
    registration: () => ({ unused_days: 30 }),
    inUse: clientsInUse,
    onRemove: (trx, id) => endClientAccess(createEndings({ sessions: [], grants: [] }), trx, id),
    forget: () => undefined,
  })
  return { db, collection }
}

const tool = (name: string) => publicTool(name, { redirect_uris: [CALLBACK] })

/** Makes the last use of a client as old. */
async function wasUsed(id: string, daysAgo: number): Promise<void> {
  const text = 'UPDATE client_registrations SET last_used_at = now() - make_interval(days => $2) WHERE client_id = $1'
  expect((await db.query(text, [id, daysAgo])).rowCount).toBe(1)
}

async function isThere(id: string): Promise<boolean> {
  return (await admin.ask('GET', `/clients/${id}`)).status === 200
}

test('what nobody used in the time of the setting is removed, is told invalid_client, and registers anew', async () => {
  const [old, recent] = [await idOf(tool('Old')), await idOf(tool('Recent'))]
  const confidential = await idOf({ client_name: 'Old with a secret', redirect_uris: [CALLBACK] })
  await wasUsed(old, 31)
  await wasUsed(recent, 29)
  await wasUsed(confidential, 31)
  expect(await collection.collect()).toMatchObject({ clients: 2 })
  expect([await isThere(old), await isThere(recent), await isThere(confidential)]).toEqual([false, true, false])
  await expect
    .poll(async () => appOf(old).token({ grant_type: 'authorization_code', code: 'x', code_verifier: 'x'.repeat(43) }))
    .toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  expect(await admin.audit('client.collected')).toContainEqual(
    expect.objectContaining({
      client_id: old,
      actor: { kind: 'system', id: null },
      detail: { profile: 'spa', name: 'Old' },
    }),
  )
  const reborn = await idOf(tool('Old'))
  expect(reborn).not.toBe(old)
  // nothing is left of the old one, which any stranger may have registered
  const { rows } = await db.query('SELECT FROM deleted_clients WHERE id = $1', [old])
  expect(rows).toEqual([])
  expect(
    (
      await admin.ask('POST', '/clients', {
        body: { client_id: old, signet_profile: 'spa', redirect_uris: [CALLBACK] },
      })
    ).status,
  ).toBe(400)
})

test('one that somebody has allowed something stays, and loses the consent with a new life', async () => {
  const id = await idOf(tool('Allowed'))
  const browser = person(() => server)
  await appOf(id).code(browser, ada)
  await wasUsed(id, 400)
  await collection.collect()
  expect(await isThere(id)).toBe(true)
  // a grant without consent, as of a session that is still open
  await db.query('DELETE FROM consents WHERE client_id = $1', [id])
  await wasUsed(id, 400)
  await collection.collect()
  expect(await isThere(id)).toBe(true)
  await db.query('DELETE FROM grants WHERE client_id = $1', [id])
  await wasUsed(id, 400)
  await collection.collect()
  expect(await isThere(id), 'the session names it').toBe(true)
  const { items } = await admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
  for (const session of items) await admin.call('DELETE', `/accounts/${sub}/sessions/${session.id}`)
  await wasUsed(id, 400)
  await collection.collect()
  expect(await isThere(id)).toBe(false)
  const again = appOf(await idOf(tool('Allowed')))
  const page = await person(() => server).visit(again.begin().url)
  const asked = await person(() => server).submit(page, { identifier: ada.email, password: ada.password })
  expect(textOf(asked.html)).toContain('Allowed')
})

test('a token or an authorization counts as use', async () => {
  const id = await idOf(tool('Used'))
  await wasUsed(id, 400)
  const app = appOf(id)
  await app.redeem(
    await app.code(
      person(() => server),
      ada,
    ),
  )
  // a server that stops writes what it has noted
  await server.restart(await server.stop().then(() => ({})))
  const { rows } = await db.query<{ recent: boolean }>(
    `SELECT last_used_at > now() - interval '1 hour' AS recent FROM client_registrations WHERE client_id = $1`,
    [id],
  )
  expect(rows).toEqual([{ recent: true }])
})

test('a client that registered with a token of an administrator stays', async () => {
  const { token } = await admin.call<{ token: string }>('POST', '/registration-tokens', {})
  const id = await idOf(tool('Invited'), token)
  await wasUsed(id, 4000)
  await collection.collect()
  expect(await isThere(id)).toBe(true)
})

test('an initial access token that expired is listed for a week and then removed', async () => {
  const { id } = await admin.call<{ id: string }>('POST', '/registration-tokens', {})
  const expired = (days: number) =>
    db.query('UPDATE initial_access_tokens SET expires_at = now() - make_interval(days => $2) WHERE id = $1', [
      id,
      days,
    ])
  const isListed = async () => JSON.stringify(await admin.call('GET', '/registration-tokens')).includes(id)
  await expired(6)
  await collection.collect()
  expect(await isListed()).toBe(true)
  await expired(8)
  expect(await collection.collect()).toMatchObject({ initial_access_tokens: 1 })
  expect(await isListed()).toBe(false)
})
