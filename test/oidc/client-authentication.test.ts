/** Clients that authenticate by another method than the registered one, and the client that a refusal names. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Administrator, administrator, type RegisteredClient } from '../support/administrator.ts'
import { assertionParams } from '../support/assertion.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const PATHS = ['/token', '/introspect', '/revoke', '/par', '/device/code', '/backchannel/authorize'] as const
let server: Server
let admin: Administrator
const clients: Record<string, RegisteredClient> = {}

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  for (const method of ['client_secret_basic', 'client_secret_post', 'private_key_jwt']) {
    clients[method] = await admin.client('web', { redirect_uris: [CALLBACK], token_endpoint_auth_method: method })
  }
  clients['none'] = await admin.client('spa', { redirect_uris: [CALLBACK] })
})

const client = (method: string) => clients[method] as RegisteredClient

/** The parameters and headers of each way to authenticate. */
const WAYS = {
  basic: async ({ id, secret = 'x' }: RegisteredClient) => ({
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    params: {},
  }),
  form: async ({ id, secret = 'x' }: RegisteredClient) => ({
    headers: {},
    params: { client_id: id, client_secret: secret },
  }),
  assertion: async ({ id, key }: RegisteredClient) => ({
    headers: {},
    params: await assertionParams({ issuer: server.issuer, clientId: id, key }),
  }),
  nothing: async ({ id }: RegisteredClient) => ({ headers: {}, params: { client_id: id } }),
}
type Way = keyof typeof WAYS

async function send(path: string, way: Way, of: RegisteredClient) {
  const { headers, params } = await WAYS[way](of)
  const body = new URLSearchParams({ grant_type: 'authorization_code', code: 'x', token: 'x', ...params })
  const answer = await server.fetch(path, { method: 'POST', body, headers })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, string>) }
}

const eventOf = async (path: string) =>
  (await admin.audit(path === '/token' ? 'token.refused' : 'endpoint.refused'))[0] as Record<string, unknown>

describe.each(PATHS)('at %s', (path) => {
  test.each([
    ['client_secret_basic', 'form'],
    ['client_secret_post', 'basic'],
  ] as const)('%s may be sent as the other one', async (method, way) => {
    expect((await send(path, way, client(method))).status).not.toBe(401)
    expect((await send(path, way, { ...client(method), secret: 'wrong' })).status).toBe(401)
  })

  test.each([
    ['private_key_jwt', 'basic', 'a secret was sent', 'send client_assertion and client_assertion_type'],
    ['private_key_jwt', 'form', 'a secret was sent', 'send client_assertion and client_assertion_type'],
    ['private_key_jwt', 'nothing', 'only client_id was sent', 'send client_assertion and client_assertion_type'],
    [
      'client_secret_basic',
      'nothing',
      'only client_id was sent',
      'send its id and secret in the Authorization header (Basic) or in the form',
    ],
    [
      'client_secret_post',
      'assertion',
      'an assertion was sent',
      'send its id and secret in the form or in the Authorization header (Basic)',
    ],
    ['none', 'form', 'a secret was sent', 'send client_id alone'],
    ['none', 'assertion', 'an assertion was sent', 'send client_id alone'],
  ] as const)('a client of %s that sends %s is told its method', async (method, way, sent, how) => {
    const { id } = client(method)
    const sentence = `client authentication: ${sent}, and the client is registered for ${method}: ${how}`
    expect(await send(path, way, client(method))).toEqual({
      status: 401,
      body: { error: 'invalid_client', error_description: sentence },
    })
    const actor = { kind: 'client', id }
    expect(await eventOf(path)).toMatchObject({ actor, client_id: id, reason: `invalid_client: ${sentence}` })
  })

  test.each(['basic', 'form', 'assertion', 'nothing'] as const)(
    'the refusal of an unknown client names what was claimed by %s, and is told no reason',
    async (way) => {
      const unknown = { ...client('private_key_jwt'), id: 'cli-unknown', secret: 'x' }
      expect(await send(path, way, unknown)).toEqual({
        status: 401,
        body: { error: 'invalid_client', error_description: 'client authentication failed' },
      })
      const event = await eventOf(path)
      expect(event).toMatchObject({
        actor: { kind: 'anonymous' },
        reason: 'invalid_client: client not found',
        detail: { claimed_client_id: 'cli-unknown' },
      })
      expect(event['client_id'] ?? null).toBeNull()
    },
  )
})

test('the refusal of a disabled client names it and says so in the audit log alone, however it authenticates', async () => {
  for (const [method, way] of [
    ['client_secret_basic', 'basic'],
    ['client_secret_post', 'form'],
    ['private_key_jwt', 'assertion'],
    ['none', 'nothing'],
  ] as const) {
    const { id } = client(method)
    await admin.call('POST', `/clients/${id}/disable`)
    for (const path of PATHS) {
      expect(await send(path, way, client(method)), `${method} ${path}`).toEqual({
        status: 401,
        body: { error: 'invalid_client', error_description: 'client authentication failed' },
      })
      const event = await eventOf(path)
      expect(event, `${method} ${path}`).toMatchObject({
        actor: { kind: 'anonymous' },
        client_id: id,
        reason: 'invalid_client: the client is disabled',
      })
      expect(event['detail']).not.toHaveProperty('claimed_client_id')
    }
    const answer = await server.fetch(`/authorize?client_id=${id}&response_type=code&redirect_uri=${CALLBACK}`)
    expect(answer.status).toBe(400)
    const [refused] = await admin.audit('authorization.refused')
    expect(refused).toMatchObject({ client_id: id, reason: 'invalid_client: the client is disabled' })
    await admin.call('POST', `/clients/${id}/enable`)
  }
})

test('the refusal of an authorization request names the unknown client that it claims', async () => {
  const answer = await server.fetch(`/authorize?client_id=cli-unknown&response_type=code&redirect_uri=${CALLBACK}`)
  expect(answer.status).toBe(400)
  const [event] = await admin.audit('authorization.refused')
  expect(event).toMatchObject({ actor: { kind: 'anonymous' }, detail: { claimed_client_id: 'cli-unknown' } })
})

test('a claimed client id is kept to 200 characters', async () => {
  await send('/token', 'nothing', { ...client('none'), id: `x${'y'.repeat(300)}` })
  expect((await eventOf('/token'))['detail']).toMatchObject({ claimed_client_id: `x${'y'.repeat(199)}` })
})
