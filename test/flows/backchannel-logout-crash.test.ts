/** A logout token is delivered though the node that sends it dies, and none comes back with a restored database. */
import { expect, test } from 'vitest'
import { runSignet } from '../cli/support/signet.ts'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { letLeasesEnd, logoutApp, untilDelivered, verifyLogoutToken } from '../support/logout-app.ts'
import { person } from '../support/person.ts'
import { startProcess } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }

/** A server whose person has signed out of an app that takes logout tokens as `answer` says. */
async function signedOut(answer: () => number | Promise<number>) {
  const server = await startProcess()
  const admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  const listener = await logoutApp()
  listener.answer = answer
  const client = await admin.client('web', {
    redirect_uris: [CALLBACK],
    backchannel_logout_uri: listener.url,
    backchannel_logout_session_required: true,
  })
  const browser = person(() => server)
  await createApp(server, client, CALLBACK).code(browser, ada)
  await browser.submit(await browser.visit('/logout'), {}, { name: 'logout', value: 'yes' })
  await eventually(() => listener.tokens.length > 0)
  return { server, listener, client }
}

test('a node that is killed during a delivery leaves it to the next, with the same jti', async () => {
  const { server, listener, client } = await signedOut(() => new Promise<number>(() => undefined))
  await server.kill('SIGKILL')
  await letLeasesEnd(server)
  listener.answer = () => 200
  await server.restart()
  await untilDelivered(server)
  const claims = await Promise.all(listener.tokens.map((token) => verifyLogoutToken(server, token, client.id)))
  expect(claims).toHaveLength(2)
  expect(new Set(claims.map(({ jti }) => jti)).size).toBe(1)
  expect(new Set(claims.map(({ sid }) => sid)).size).toBe(1)
  const events = await (await administrator(server)).audit('backchannel_logout.delivered')
  expect(events).toMatchObject([{ client_id: client.id, detail: { attempts: 2 } }])
})

test('what waited in a restored database is not sent', async () => {
  const { server, listener } = await signedOut(() => 503)
  await server.stop()
  const { databaseUrl, keysDir, issuer } = server
  const env = { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, DATABASE_URL: databaseUrl }
  expect((await runSignet(['restore-epoch', '--yes'], { dir: keysDir, env })).stderr).toBe('')
  listener.answer = () => 200
  const before = listener.tokens.length
  await server.restart()
  await untilDelivered(server)
  expect(listener.tokens).toHaveLength(before)
  expect(server.logLines()).toContainEqual(
    expect.objectContaining({
      msg: 'a logout token is not sent',
      reason: 'it is from before a restore of the database',
    }),
  )
})
