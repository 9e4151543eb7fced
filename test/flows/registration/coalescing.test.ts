/** Programs that register each time they start get one client, and one that nobody uses goes again. */
import { expect, test } from 'vitest'
import { person } from '../../support/person.ts'
import { asSuperuser } from '../../support/postgres.ts'
import { register } from '../../support/registration.ts'
import { ada, registrationWorld, tool } from '../../support/registration-world.ts'
import type { Server } from '../../support/server.ts'

const { nodes, server, other: second, admin, idOf, appOf } = await registrationWorld('open', { count: 2 })

test('of fifty identical registrations at once over two nodes comes one client, which nobody can manage', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, at) => register(nodes[at % 2] as Server, tool('Fifty'))),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 201))
  expect(new Set(answers.map(({ body }) => body['client_id'])).size).toBe(1)
  for (const { body } of answers) {
    expect(body).not.toHaveProperty('registration_access_token')
    expect(body).not.toHaveProperty('registration_client_uri')
  }
  const { items } = await admin.call<{ items: { client_name: string }[] }>('GET', '/clients?limit=200')
  expect(items.filter(({ client_name: name }) => name === 'Fifty')).toHaveLength(1)
})

test('members in another order, unknown ones and another loopback port make no other client', async () => {
  const id = await idOf(tool('Ports'))
  const other = 'http://127.0.0.1:61234/cb'
  const { body } = await register(server, { unknown: 1, ...tool('Ports'), redirect_uris: [other] })
  expect(body).toMatchObject({ client_id: id, redirect_uris: [other] })
  const code = await appOf(id, other).code(
    person(() => server),
    ada,
  )
  expect((await appOf(id, other).redeem(code)).status).toBe(200)
  expect(await idOf(tool('Ports', { redirect_uris: ['http://127.0.0.1:5000/other'] }))).not.toBe(id)
  expect(await idOf(tool('Other ports'))).not.toBe(id)
})

test('the port counts for an app that is none of a device', async () => {
  const web = (port: number) => tool('Web', { application_type: 'web', redirect_uris: [`http://localhost:${port}/cb`] })
  expect(await idOf(web(1))).not.toBe(await idOf(web(2)))
})

test('apps with a secret of their own are each a client of its own', async () => {
  const metadata = { client_name: 'Secret', redirect_uris: ['https://app.example.com/cb'] }
  expect(await idOf(metadata)).not.toBe(await idOf(metadata))
})

test('what an administrator disabled or deleted is not born again', async () => {
  const disabled = await idOf(tool('Disabled'))
  const deleted = await idOf(tool('Deleted'))
  await admin.call('POST', `/clients/${disabled}/disable`)
  await admin.call('DELETE', `/clients/${deleted}`)
  for (const node of nodes) {
    for (const name of ['Disabled', 'Deleted']) {
      const { status, headers, body } = await register(
        node,
        tool(name, { redirect_uris: ['http://127.0.0.1:1234/cb'] }),
      )
      expect(status).toBe(403)
      expect(body).toEqual({
        error: 'access_denied',
        error_description: 'An administrator has disabled or deleted this client.',
      })
      expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
        reason: expect.stringMatching(/^access_denied/),
      })
    }
  }
  await admin.call('POST', `/clients/${disabled}/enable`)
  expect(await idOf(tool('Disabled'))).toBe(disabled)
})

test('an administrator lets the app of a deleted client register again, as a new client', async () => {
  const id = await idOf(tool('Unblocked'))
  await admin.call('DELETE', `/clients/${id}`)
  expect((await register(server, tool('Unblocked'))).status).toBe(403)
  const { status, headers } = await admin.ask('POST', `/clients/${id}/unblock`)
  expect(status).toBe(204)
  expect(await admin.eventOf('client.unblocked', headers)).toMatchObject({ client_id: id })
  expect(await idOf(tool('Unblocked'))).not.toBe(id)
  const again = await admin.ask('POST', `/clients/${id}/unblock`)
  expect(again).toMatchObject({
    status: 404,
    body: { code: 'client_not_blocked', detail: expect.stringContaining(`No deletion blocks "${id}".`) },
  })
})

test('a registration that waits for the deletion of its client is refused', async () => {
  const id = await idOf(tool('Waits'))
  const waiting = await asSuperuser(async (db) => {
    await db.query('BEGIN')
    await db.query(
      `INSERT INTO refused_registrations SELECT metadata_digest, now() FROM client_registrations WHERE client_id = $1`,
      [id],
    )
    await db.query('DELETE FROM clients WHERE id = $1', [id])
    const answer = register(second, tool('Waits'))
    const locks = () => db.query(`SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted`)
    await expect.poll(async () => (await locks()).rowCount).toBe(1)
    await db.query('COMMIT')
    return answer
  }, server.databaseUrl)
  expect(waiting).toMatchObject({ status: 403, body: { error: 'access_denied' } })
})
