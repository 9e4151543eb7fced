/** Basic with an empty secret, as Go's oauth2 and oidc-agent send it for public clients (RFC 6749 §2.3.1). */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { connect, DEVICE_GRANT } from '../support/device.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://127.0.0.1:5000/cb'
const PATHS = ['/token', '/revoke', '/par', '/device/code', '/backchannel/authorize'] as const
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
})

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

/** Sends a form that is authenticated by an id and an empty secret. */
async function send(path: string, client: Pick<RegisteredClient, 'id'>, params: Record<string, string> = {}) {
  const authorization = basic(`${encodeURIComponent(client.id)}:`)
  const answer = await server.fetch(path, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(params),
  })
  const text = await answer.text()
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, string>)
  return { status: answer.status, headers: answer.headers, body }
}

describe('a public client sends its id and an empty secret', () => {
  test('to push a request, redeem the code, refresh and revoke', async () => {
    const client = await admin.client('native', { redirect_uris: [CALLBACK], scope: 'openid offline_access' })
    const app = createApp(server, client, CALLBACK, true)
    const attempt = app.begin({ scope: 'openid offline_access' })
    const pushed = await send('/par', client, attempt.params)
    expect(pushed).toMatchObject({ status: 201, body: { request_uri: expect.any(String) as string } })
    const query = new URLSearchParams({ client_id: client.id, request_uri: pushed.body['request_uri'] as string })
    const back = await person(() => server).authorize(`${server.issuer}/authorize?${query.toString()}`, ada)
    const tokens = await send('/token', client, {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') as string,
      redirect_uri: CALLBACK,
      code_verifier: attempt.verifier,
    })
    expect(tokens).toMatchObject({ status: 200, body: { refresh_token: expect.any(String) as string } })
    const refreshed = await send('/token', client, {
      grant_type: 'refresh_token',
      refresh_token: tokens.body['refresh_token'] as string,
    })
    expect(refreshed.status).toBe(200)
    const token = refreshed.body['refresh_token'] as string
    expect((await send('/revoke', client, { token })).status).toBe(200)
    const dead = await send('/token', client, { grant_type: 'refresh_token', refresh_token: token })
    expect(dead).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('to connect a device, also beside client_id', async () => {
    const client = await admin.client('device')
    const { status, body } = await send('/device/code', client, { scope: 'openid', client_id: client.id })
    expect(status).toBe(200)
    await connect(
      person(() => server),
      body['user_code'] as string,
      ada,
    )
    const poll = { grant_type: DEVICE_GRANT, device_code: body['device_code'] as string }
    expect((await send('/token', client, poll)).status).toBe(200)
  })
})

describe.each(PATHS)('at %s', (path) => {
  test.each(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])(
    'a client of %s is refused, and told its method',
    async (method) => {
      const client = await admin.client('web', { redirect_uris: [CALLBACK], token_endpoint_auth_method: method })
      const refused = await send(path, client, { token: 'x', grant_type: 'authorization_code', code: 'x' })
      const sentence = `client authentication: an empty secret was sent, and the client is registered for ${method}: `
      expect(refused).toMatchObject({
        status: 401,
        body: { error: 'invalid_client', error_description: expect.stringContaining(sentence) as string },
      })
      // RFC 6749 §5.2
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /)
      const event = await admin.eventOf(path === '/token' ? 'token.refused' : 'endpoint.refused', refused.headers)
      expect(event).toMatchObject({
        outcome: 'failure',
        client_id: client.id,
        reason: expect.stringContaining(sentence) as string,
      })
    },
  )

  test('an unknown client is told nothing', async () => {
    const refused = await send(path, { id: 'cli-unknown' }, { token: 'x', grant_type: 'authorization_code', code: 'x' })
    expect(refused).toMatchObject({
      status: 401,
      body: { error: 'invalid_client', error_description: 'client authentication failed' },
    })
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /)
  })
})

test.each([
  ['a second way to authenticate', { client_secret: 'x' }, /only be provided using one mechanism/],
  ['the id of another client', { client_id: 'cli-other' }, /client_id mismatch/],
])('beside %s it is refused', async (_, params, sentence) => {
  const client = await admin.client('spa', { redirect_uris: ['https://app.example.com/cb'] })
  const refused = await send('/token', client, { grant_type: 'authorization_code', code: 'x', ...params })
  expect(refused).toMatchObject({
    status: 400,
    body: { error: 'invalid_request', error_description: expect.stringMatching(sentence) as string },
  })
  expect(await admin.eventOf('token.refused', refused.headers)).toMatchObject({ outcome: 'failure' })
})
