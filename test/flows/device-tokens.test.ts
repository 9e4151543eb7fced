/** The tokens of a device (RFC 8628 §3.4): whose they are, what ends them, and that they are given once. */
import { decodeJwt } from 'jose'
import { describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { connect, createDevice, DEVICE_GRANT } from '../support/device.ts'
import { ada, API, deviceStage } from '../support/device-stage.ts'
import { textOf } from '../support/person.ts'
import { letTimePass } from '../support/passed-time.ts'
import { proofKey } from '../support/proof-key.ts'
import { signRequestObject } from '../support/request-object.ts'

const GRANTS = ['authorization_code', 'refresh_token', DEVICE_GRANT]
const { server, admin, tv, device, aClient, someone } = await deviceStage()

describe('tokens of a device', () => {
  test('are those that its person allowed: what they left out is not in them', async () => {
    const other = createDevice(server, await aClient())
    const begun = await other.begin({ scope: 'openid email posts:read', resource: API })
    const browser = someone()
    let page = await browser.visit(begun.verification_uri_complete)
    page = await browser.submit(page, {})
    page = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
    page = await browser.submit(page, { identifier: ada.email, password: ada.password })
    page = await browser.submit(page, {}, { name: 'decision', value: 'allow' }, { unticked: ['email'] })
    expect(textOf(page.html)).toContain('Your device is connected')
    const { status, body } = await other.poll(begun)
    expect(status).toBe(200)
    expect(body['scope']).toBe('openid posts:read')
    expect(decodeJwt(String(body['id_token']))).not.toHaveProperty('email')
  })

  test('cover all registered scopes of the default resource when the request names none', async () => {
    const client = await aClient({ signet_default_resource: API, scope: '' })
    const other = createDevice(server, client)
    const begun = await other.begin({ scope: '' })
    await connect(someone(), begun.user_code, ada)
    const { body } = await other.poll(begun)
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ aud: API, scope: 'posts:read' })
  })

  test('of a public device for an API bring a refresh token that rotates', async () => {
    const begun = await device.begin({ scope: 'openid posts:read', resource: API })
    await connect(someone(), begun.user_code, ada)
    const { body } = await device.poll(begun)
    const first = String(body['refresh_token'])
    const next = await device.refresh(first)
    expect(next.status).toBe(200)
    expect(next.body['refresh_token']).not.toBe(first)
  })

  test('of a public device that sends a proof are bound to its key, the refresh token too', async () => {
    const begun = await device.begin({ scope: 'openid posts:read', resource: API })
    await connect(someone(), begun.user_code, ada)
    const [key, other] = [await proofKey(), await proofKey()]
    const url = `${server.issuer}/token`
    const post = async (params: Record<string, string>, proof: Record<string, string>) => {
      const body = new URLSearchParams({ client_id: tv.id, ...params })
      const response = await server.fetch('/token', { method: 'POST', headers: proof, body })
      return (await response.json()) as Record<string, string>
    }
    const { device_code } = begun
    const tokens = await post({ grant_type: DEVICE_GRANT, device_code }, await key.proof({ url }))
    expect(decodeJwt(String(tokens['access_token']))).toMatchObject({ cnf: { jkt: key.jkt } })
    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) }
    expect(await post(refresh, await other.proof({ url }))).toMatchObject({ error: 'invalid_grant' })
    expect(await post(refresh, await key.proof({ url }))).toHaveProperty('access_token')
  })

  test('outlive the browser session in which it was connected, and its sign-out', async () => {
    const begun = await device.begin({ scope: 'openid posts:read', resource: API })
    const browser = someone()
    await connect(browser, begun.user_code, ada)
    const question = await browser.visit('/logout')
    await browser.submit(question, {}, { name: 'logout', value: 'yes' })
    const { status, body } = await device.poll(begun)
    expect(status).toBe(200)
    expect((await device.refresh(String(body['refresh_token']))).status).toBe(200)
  })

  test('are of that device alone: revoking one of two that a session connected leaves the other', async () => {
    const browser = someone()
    const tokens: string[] = []
    for (let count = 0; count < 2; count += 1) {
      const begun = await device.begin({ scope: 'openid posts:read', resource: API })
      await connect(browser, begun.user_code, ada)
      tokens.push(String((await device.poll(begun)).body['refresh_token']))
    }
    const [lost, kept] = tokens as [string, string]
    const body = new URLSearchParams({ client_id: tv.id, token: lost })
    expect((await server.fetch('/revoke', { method: 'POST', body })).status).toBe(200)
    expect((await device.refresh(lost)).body['error']).toBe('invalid_grant')
    expect((await device.refresh(kept)).status).toBe(200)
  })

  test('leave the session of an app that has both grants as it was', async () => {
    const callback = 'http://127.0.0.1/cb'
    const grants = ['authorization_code', 'refresh_token', DEVICE_GRANT]
    const tool = await aClient({ redirect_uris: [callback], grant_types: grants }, 'native')
    const app = createApp(server, tool, callback, true)
    const browser = someone()
    const params = { scope: 'openid posts:read', resource: API }
    const { body } = await app.redeem(await app.code(browser, ada, params))
    const both = createDevice(server, tool)
    const begun = await both.begin(params)
    await connect(browser, begun.user_code, ada)
    expect((await both.poll(begun)).status).toBe(200)
    expect((await app.refresh(String(body['refresh_token']))).status).toBe(200)
  })

  test('are refused when its person was disabled after they connected it', async () => {
    const gone = { email: 'gone@example.com', password: PASSWORD }
    const goneSub = await admin.account(gone.email, gone.password)
    const begun = await device.begin()
    await connect(someone(), begun.user_code, gone)
    await admin.call('POST', `/accounts/${goneSub}/disable`)
    const answer = await device.poll(begun)
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await admin.eventOf('token.refused', answer.headers)).toMatchObject({ client_id: tv.id })
  })

  test('are refused when the code is of another client, whose device waits on', async () => {
    const begun = await device.begin()
    const answer = await createDevice(server, await aClient()).poll(begun)
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'client mismatch' },
    })
    expect((await device.poll(begun)).body['error']).toBe('authorization_pending')
  })
})

test('a device code that was used is refused afterwards: at first quietly, then as stolen, which ends its tokens', async () => {
  const client = await aClient()
  const own = createDevice(server, client)
  const begun = await own.begin({ scope: 'openid posts:read', resource: API })
  await connect(someone(), begun.user_code, ada)
  const { body } = await own.poll(begun)
  const repeated = await own.poll(begun)
  expect(repeated).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  const next = await own.refresh(String(body['refresh_token']))
  expect(next.status).toBe(200)
  await letTimePass(server.databaseUrl, 20, client.id)
  const stolen = await own.poll(begun)
  expect(stolen).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await admin.eventOf('token.reused', stolen.headers)).toMatchObject({ client_id: client.id })
  expect((await own.refresh(String(next.body['refresh_token']))).body['error']).toBe('invalid_grant')
})

describe('a signed request (RFC 9101) of a device', () => {
  test('gets codes once, and is refused with its fault', async () => {
    const client = await aClient({ redirect_uris: ['https://app.example.com/cb'], grant_types: GRANTS }, 'web')
    const box = createDevice(server, client, false)
    const signed = (claims: Record<string, unknown> = {}) =>
      signRequestObject({ issuer: server.issuer, client, params: { scope: 'openid' }, claims })
    const refused = async (request: string, sentence: RegExp) => {
      const { status, body, headers } = await box.ask({ request })
      expect({ status, body }).toMatchObject({
        status: 400,
        body: { error: 'invalid_request_object', error_description: expect.stringMatching(sentence) as string },
      })
      expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({ client_id: client.id })
    }
    const request = await signed()
    expect((await box.ask({ request })).body).toHaveProperty('device_code')
    await refused(request, /it was used before/)
    await refused(await signed({ aud: 'https://evil.example' }), /aud is 'https:\/\/evil\.example'; it must be/)
    await refused('v.w.x.y.z', /it is encrypted, and this server has no keys for that/)
  })
})
