/** The FAPI-CIBA plans with the files of `npm run conformance:serve`: a signed request, the approval URL, and the tokens. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { CIBA_GRANT } from '../support/ciba.ts'
import { eventually } from '../support/eventually.ts'
import { signRequestObject } from '../support/request-object.ts'
import { configurationOf } from '../support/suite-party.ts'
import { startSuiteWorld, type SuiteWorld } from '../support/suite-world.ts'

const NOTIFICATION_TOKEN = 'notification-token-of-the-suite-0123456789'

let world: SuiteWorld

beforeAll(async () => {
  world = await startSuiteWorld()
})

/** The first client of a plan, with its certificate. */
async function aClient(file: string) {
  const configuration = configurationOf(world, file)
  const { client, mtls, automated_ciba_approval_url: approval } = configuration
  const fetch = world.fetchAs(mtls)
  const metadata = (await (await fetch(configuration.server.discoveryUrl)).json()) as {
    issuer: string
    mtls_endpoint_aliases: Record<string, string>
  }
  const { issuer, mtls_endpoint_aliases: aliases } = metadata

  async function post(endpoint: string, params: Record<string, string>) {
    const body = new URLSearchParams({ client_id: String(client?.client_id), ...params })
    const response = await fetch(String(aliases[endpoint]), { method: 'POST', body })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }

  return {
    resourceUrl: String(configuration.resource?.resourceUrl),
    fetch,
    async ask(also: Record<string, string> = {}): Promise<string> {
      const params = { scope: client?.scope, login_hint: client?.hint_value, binding_message: '1234', ...also }
      const key = { ...client?.jwks?.keys[0], kty: 'RSA' }
      const signer = { id: String(client?.client_id), key, secret: undefined }
      const request = await signRequestObject({ issuer, client: signer, params, header: { typ: 'JWT' } })
      const { status, body } = await post('backchannel_authentication_endpoint', { request })
      expect([status, body]).toMatchObject([200, { auth_req_id: expect.any(String) as string }])
      return String(body['auth_req_id'])
    },
    poll: (id: string) => post('token_endpoint', { grant_type: CIBA_GRANT, auth_req_id: id }),
    /** Calls the approval URL as the suite does. */
    async decide(id: string, action: string): Promise<number> {
      const url = String(approval).replace('{auth_req_id}', id).replace('{action}', action)
      return (await globalThis.fetch(url, { method: 'POST' })).status
    },
  }
}

test('poll: the approval URL answers for the person, and the token is bound to the certificate', async () => {
  const app = await aClient('fapi-ciba-poll')
  const id = await app.ask()
  expect(await app.decide(id, 'allow')).toBe(200)
  // nothing waits any more
  expect(await app.decide(id, 'allow')).toBe(404)
  const { body } = await app.poll(id)
  const headers = { authorization: `Bearer ${String(body['access_token'])}` }
  expect((await app.fetch(app.resourceUrl, { headers })).status).toBe(200)
  expect((await world.fetchAs()(app.resourceUrl, { headers })).status).toBe(401)
})

test('poll: a refusal reaches the client, and a wrong action changes nothing', async () => {
  const app = await aClient('fapi-ciba-poll')
  const id = await app.ask()
  expect(await app.decide(id, 'perhaps')).toBe(400)
  expect(await app.decide(id, 'deny')).toBe(200)
  expect((await app.poll(id)).body['error']).toBe('access_denied')
})

test('ping: the suite is notified with its own token, and gets tokens for userinfo', async () => {
  const app = await aClient('fapi-ciba-ping')
  const id = await app.ask({ client_notification_token: NOTIFICATION_TOKEN })
  expect(await app.decide(id, 'allow')).toBe(200)
  const sent = () => world.calls.find(({ url }) => url.pathname.endsWith('/ciba-notification-endpoint'))
  await eventually(() => sent() !== undefined)
  expect(JSON.parse(String(sent()?.body))).toEqual({ auth_req_id: id })
  const { status, body } = await app.poll(id)
  expect([status, decodeJwt(String(body['id_token']))]).toMatchObject([200, { acr: 'urn:signet:acr:password' }])
  const authorization = `Bearer ${String(body['access_token'])}`
  const info = await app.fetch(app.resourceUrl, { headers: { authorization } })
  expect([info.status, await info.json()]).toMatchObject([200, { name: 'Ada Lovelace' }])
})
