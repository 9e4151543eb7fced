/** What the log and the metrics tell of a whole life with Signet, and what they never tell. */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { person } from '../support/person.ts'
import { type Server, startProcess } from '../support/server.ts'
import { linesThatAreNoJson } from '../support/server-faults.ts'
import { eventually } from '../support/eventually.ts'

const API = 'https://api.example.com'
const CALLBACK = 'https://shop.example.com/callback'
const EMAIL = 'ada.lovelace@example.com'
let server: Server
let admin: Administrator
const secrets: Record<string, string> = { password: PASSWORD, email: EMAIL }

/** One of each: sign-in, consent, code, refresh, userinfo, machine token, secret, refusals, sign-out. */
async function live(): Promise<void> {
  await admin.resource(API, ['posts:read'])
  const signet_allow = [{ resource: API, scopes: ['posts:read'] }]
  const machine = await admin.client('machine', { signet_allow })
  const assertion = await assertionParams({ issuer: server.issuer, clientId: machine.id, key: machine.key })
  secrets['assertion'] = assertion['client_assertion'] as string
  const issued = await post('/token', { grant_type: 'client_credentials', ...assertion })
  secrets['machine token'] = issued['access_token'] as string
  await post('/token', { grant_type: 'client_credentials', ...assertion })
  const shared = await admin.client('web', {
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'client_secret_basic',
  })
  secrets['client secret'] = shared.secret as string
  const web = await admin.client('web', { redirect_uris: [CALLBACK], signet_allow })
  const app = createApp(server, web, CALLBACK)
  await admin.account(EMAIL, PASSWORD)
  const browser = person(() => server)
  const attempt = app.begin({ scope: 'openid email offline_access', login_hint: EMAIL, nonce: 'NONCE-0123456789' })
  secrets['state'] = attempt.state
  secrets['nonce'] = 'NONCE-0123456789'
  const refused = await browser.submit(await browser.visit(attempt.url), {
    identifier: EMAIL,
    password: 'WRONG-PASSWORD-1',
  })
  expect(refused.status).toBeLessThan(500)
  secrets['wrong password'] = 'WRONG-PASSWORD-1'
  const left = await browser.authorize(attempt.url, { email: EMAIL, password: PASSWORD })
  secrets['code'] = left.searchParams.get('code') as string
  secrets['verifier'] = attempt.verifier
  const { body } = await app.redeem({ code: secrets['code'], verifier: attempt.verifier })
  for (const name of ['access_token', 'refresh_token', 'id_token']) secrets[name] = body[name] as string
  await app.refresh(body['refresh_token'] as string)
  await server.fetch('/userinfo', { headers: { authorization: `Bearer ${body['access_token']}` } })
  for (const [name, value] of browser.cookies) if (value.length > 10) secrets[`cookie ${name}`] = value
  await browser.visit(`${server.issuer}/logout?id_token_hint=${body['id_token']}`)
  await server.fetch(`/interaction/${secrets['code']}`)
  await server.fetch(`/nowhere/${secrets['code']}?token=${secrets['code']}`)
}

async function post(path: string, params: Record<string, string>): Promise<Record<string, string>> {
  const response = await server.fetch(path, { method: 'POST', body: new URLSearchParams(params) })
  return (await response.json()) as Record<string, string>
}

beforeAll(async () => {
  server = await startProcess({ env: { LOG_LEVEL: 'trace' } })
  admin = await administrator(server)
  await live()
  // the line of the last request is written after its answer
  await eventually(() => server.logLines().some(({ route }) => route === 'other'))
})

describe('the log', () => {
  test('holds no secret, token, code, cookie or personal data, even at its most talkative', () => {
    expect(Object.values(secrets).every((value) => typeof value === 'string' && value.length > 7)).toBe(true)
    expect(Object.keys(secrets).length).toBeGreaterThan(13)
    for (const [name, value] of Object.entries(secrets)) {
      expect({ name, logged: server.logs().includes(value) }).toEqual({ name, logged: false })
    }
  })

  test('has one JSON object a line, and one line a request with its id and template', async () => {
    await expect.poll(() => linesThatAreNoJson(server)).toEqual([])
    const requests = server.logLines().filter(({ msg }) => msg === 'request')
    expect(requests.length).toBeGreaterThan(15)
    const ids = requests.map((line) => line['request_id'])
    expect(new Set(ids).size).toBe(ids.length)
    const known = /^(other|\/|(\/(:[a-z_]+|[a-z0-9._-]+))+)$/i
    for (const { route } of requests) expect(route).toMatch(known)
    const routes = new Set(requests.map(({ route }) => route))
    for (const route of ['/token', '/authorize', '/interaction/:uid', '/userinfo', '/admin/v1/clients', 'other']) {
      expect(routes).toContain(route)
    }
  })

  test('tells no path segment that is an identifier', () => {
    for (const line of server.logLines()) {
      expect(JSON.stringify(line)).not.toMatch(/\/interaction\/[^:"]/)
    }
  })
})

describe('the audit log', () => {
  test('holds no secret, token, code or cookie either', async () => {
    const { items } = await admin.call<{ items: unknown[] }>('GET', '/audit?limit=200')
    const text = JSON.stringify(items)
    expect(items.length).toBeGreaterThan(8)
    for (const [name, value] of Object.entries(secrets)) {
      if (name !== 'email') expect({ name, told: text.includes(value) }).toEqual({ name, told: false })
    }
  })
})

describe('the metrics', () => {
  test('count requests by template and tokens by grant and error', async () => {
    const text = await (await fetch(`${server.managementUrl}/metrics`)).text()
    expect(text).toMatch(/^signet_http_requests_total\{method="POST",route="\/token",status="2xx"\} [3-9]/m)
    expect(text).toMatch(/^signet_http_requests_total\{method="GET",route="\/interaction\/:uid",status="2xx"\} \d/m)
    expect(text).toMatch(/^signet_tokens_issued_total\{grant_type="client_credentials"\} \d/m)
    expect(text).toMatch(/^signet_tokens_issued_total\{grant_type="authorization_code"\} 1$/m)
    expect(text).toMatch(/^signet_tokens_issued_total\{grant_type="refresh_token"\} 1$/m)
    expect(text).toMatch(/^signet_tokens_refused_total\{error="invalid_client"\} 1$/m)
    expect(text).toMatch(/^signet_database_pool_connections\{state="free"\} \d/m)
    expect(text).toMatch(/^signet_event_loop_lag_p99_seconds \d/m)
    for (const value of Object.values(secrets)) expect(text).not.toContain(value)
  })
})
