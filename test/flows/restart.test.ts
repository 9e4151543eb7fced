/** After a crash everything that was answered is still there: session, client, refresh token, keys. */
import { decodeProtectedHeader } from 'jose'
import { expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { answerOf, person } from '../support/person.ts'
import { startProcess, temporaryDir } from '../support/server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }

test('kill -9 loses nothing that was answered, with the embedded database', async () => {
  const server = await startProcess({
    env: { DATABASE_URL: undefined, SIGNET_DATA_DIR: `${temporaryDir('data')}/signet` },
  })
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  // a start may take longer than a code lives and a repeated refresh is answered
  await admin.call('PATCH', '/settings', { lifetimes: { authorization_code_seconds: 600, refresh_grace_seconds: 300 } })
  await admin.account(ada.email, ada.password)
  const allowed = { redirect_uris: [CALLBACK], signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  const app = createApp(server, await admin.client('web', allowed), CALLBACK)
  const single = createApp(server, await admin.client('spa', allowed), CALLBACK, true)
  const browser = person(() => server)
  const scope = 'openid offline_access posts:read'
  const kept = (await app.redeem(await app.code(browser, ada, { scope, resource: API }))).body[
    'refresh_token'
  ] as string
  const first = (await single.redeem(await single.code(browser, ada, { scope, resource: API }))).body[
    'refresh_token'
  ] as string
  const rotated = await single.refresh(first)
  const unspent = await app.code(browser, ada, { scope: 'openid' })

  await server.kill('SIGKILL')
  await server.restart()

  const { left } = await browser.visit(app.begin({ prompt: 'none' }).url)
  expect(answerOf(left as URL)).toMatchObject({ code: expect.any(String) })
  const refreshed = await app.refresh(kept)
  expect(refreshed.status).toBe(200)
  expect((await app.redeem(unspent)).status).toBe(200)
  // a client that lost the answer in the crash asks again and gets the same successor
  expect((await single.refresh(first)).body['refresh_token']).toBe(rotated.body['refresh_token'])
  expect((await single.refresh(rotated.body['refresh_token'] as string)).status).toBe(200)
  // the same keys sign
  const kid = (token: string | undefined) => decodeProtectedHeader(token as string).kid
  expect(kid(refreshed.body['access_token'])).toBe(kid(rotated.body['access_token']))
})
