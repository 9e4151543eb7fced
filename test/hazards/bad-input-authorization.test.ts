/** A bad authorization request ends on a page or back at the registered place, never anywhere else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { expectRefusalPage, firstAnswer } from '../support/first-answer.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let web: RegisteredClient
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  web = await admin.client('web', { redirect_uris: [CALLBACK] })
  app = createApp(server, web, CALLBACK)
  await admin.account(ada.email, ada.password)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

function ask(url: string) {
  return firstAnswer(server, url)
}

function expectPage(url: string, sentence: RegExp): Promise<void> {
  return expectRefusalPage({ server, admin }, url, sentence)
}

/** The request is refused at the registered place, with `error`, a sentence, `state` and `iss` (RFC 9207 §2). */
async function expectError(url: string, error: string, description: RegExp | string): Promise<void> {
  const { status, location, headers } = await ask(url)
  expect(status).toBe(303)
  // Where a token was asked for, the fragment is the place to answer (OAuth 2.0 Multiple Response Types §2.1).
  expect(location?.startsWith(`${CALLBACK}?`) || location?.startsWith(`${CALLBACK}#`)).toBe(true)
  const answer = Object.fromEntries(new URLSearchParams((location as string).slice(CALLBACK.length + 1)))
  expect(answer).toMatchObject({ error, state: new URL(url).searchParams.get('state'), iss: server.issuer })
  expect(answer['error_description']).toMatch(description)
  expect(answer).not.toHaveProperty('code')
  expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
    outcome: 'failure',
    client_id: web.id,
    reason: expect.stringContaining(error) as string,
  })
}

describe('an unknown client is refused on a page', () => {
  test.each([
    'nobody',
    '',
    'x'.repeat(5000),
    "' OR 1=1 --",
    '../admin',
    '<script>alert(1)</script>',
    'https://evil.example/client.json',
    '__proto__',
  ])('%#', async (clientId) => {
    await expectPage(app.begin({ client_id: clientId }).url, /client/)
  })

  test('and so is one that was disabled', async () => {
    const closed = await admin.client('web', { redirect_uris: [CALLBACK] })
    await admin.call('POST', `/clients/${closed.id}/disable`)
    await expect.poll(async () => (await ask(createApp(server, closed, CALLBACK).begin().url)).status).toBe(400)
    await expectPage(createApp(server, closed, CALLBACK).begin().url, /client/)
  })
})

describe('PKCE', () => {
  test('is required: without a challenge the app gets invalid_request', async () => {
    const { url } = app.begin({ code_challenge: '', code_challenge_method: '' })
    await expectError(url, 'invalid_request', /PKCE|code_challenge/)
  })

  test.each([
    ['plain', { code_challenge_method: 'plain' }],
    ['no method', { code_challenge_method: '' }],
    ['an unknown method', { code_challenge_method: 'S512' }],
    ['a method without challenge', { code_challenge: '' }],
    ['a short challenge', { code_challenge: 'abc' }],
    ['a long challenge', { code_challenge: 'x'.repeat(129) }],
    ['characters that no challenge has', { code_challenge: '!'.repeat(43) }],
  ])('is S256: %s is refused', async (_, params) => {
    await expectError(app.begin(params).url, 'invalid_request', /code_challenge|PKCE/)
  })

  test('cannot be left out at the token request, nor brought in there', async () => {
    const first = await app.code(
      person(() => server),
      ada,
    )
    const missing = await app.redeem({ ...first, verifier: '' })
    expect(missing.status).toBe(400)
    expect(missing.body['error']).toBe('invalid_grant')
    expect(missing.body['error_description']).toMatch(/code_verifier/)
    const optional = await admin.client('web', { redirect_uris: [CALLBACK], signet_pkce: 'optional' })
    const lax = createApp(server, optional, CALLBACK)
    const without = await lax.code(
      person(() => server),
      ada,
      { code_challenge: '', code_challenge_method: '', nonce: 'n' },
    )
    const brought = await lax.redeem(without)
    expect(brought.status).toBe(400)
    expect(brought.body).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringMatching(/code_verifier|code_challenge/) as string,
    })
  })

  test('is advertised as S256 alone', async () => {
    const discovery = (await (await server.fetch('/.well-known/openid-configuration')).json()) as Record<
      string,
      unknown
    >
    expect(discovery['code_challenge_methods_supported']).toEqual(['S256'])
    expect(discovery['authorization_response_iss_parameter_supported']).toBe(true)
    expect(JSON.stringify(discovery)).not.toMatch(/"plain"|implicit|"password"/)
  })
})

describe('other bad requests go back to the app with error, state and iss', () => {
  test.each(['token', 'id_token', 'id_token token', 'code token', 'code id_token', 'none', 'x'])(
    'response_type=%s is not supported',
    async (responseType) => {
      const { url } = app.begin({ response_type: responseType, nonce: 'n' })
      await expectError(url, 'unsupported_response_type', /response_type/)
    },
  )

  test.each([
    ['no response type', { response_type: '' }, 'invalid_request', /response_type/],
    ['prompt=none and login', { prompt: 'none login' }, 'invalid_request', /prompt/],
    ['an unknown prompt', { prompt: 'dance' }, 'invalid_request', /prompt/],
    ['a negative max_age', { max_age: '-1' }, 'invalid_request', /max_age/],
    ['a max_age that is no number', { max_age: 'soon' }, 'invalid_request', /max_age/],
    ['nobody signed in with prompt=none', { prompt: 'none' }, 'login_required', /\w+ \w+/],
    ['an unknown scope without openid', { scope: 'nonsense' }, 'invalid_scope', /scope/],
    ['an unknown resource', { resource: 'https://nowhere.example' }, 'invalid_target', /nowhere\.example/],
    ['a resource with a fragment', { resource: 'https://nowhere.example/#x' }, 'invalid_target', /\w+ \w+/],
    ['an ID token hint that is none', { id_token_hint: 'x.y.z' }, 'invalid_request', /id_token_hint/],
  ] as const)('%s', async (_, params, error, description) => {
    await expectError(app.begin(params).url, error, description)
  })

  test.each(['state', 'scope', 'response_type', 'nonce', 'code_challenge', 'prompt', 'max_age'])(
    'a repeated %s is invalid_request, and never a redirect elsewhere',
    async (name) => {
      const { url } = app.begin({ nonce: 'n', prompt: 'login', max_age: '1' })
      const { status, location, html } = await ask(`${url}&${name}=x`)
      if (status === 303) {
        expect(location?.startsWith(`${CALLBACK}?error=invalid_request`)).toBe(true)
      } else {
        expect({ status, location }).toEqual({ status: 400, location: null })
        expect(textOf(html)).toMatch(/invalid_request/)
      }
    },
  )

  test('a form POST is the same request: 303 to the GET, which refuses the same', async () => {
    const { url } = app.begin({ redirect_uri: 'https://evil.example/' })
    const response = await server.fetch('/authorize', {
      method: 'POST',
      redirect: 'manual',
      body: new URL(url).searchParams,
    })
    expect(response.status).toBe(303)
    const location = response.headers.get('location') as string
    expect(location).toMatch(/^\/authorize\?/)
    await expectPage(new URL(location, server.issuer).href, /redirect_uri/)
  })

  test('an access token in the query of userinfo is refused', async () => {
    const response = await server.fetch('/userinfo?access_token=x')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringMatching(/\w+ \w+/) as string,
    })
  })
})

describe('what is shown is only shown', () => {
  const payloads = [
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    '<img src=x onerror=alert(1)>',
    '{{7*7}}',
    'javascript:alert(1)',
    '\r\nSet-Cookie: a=b',
    '\u202Egnp.exe',
  ]

  test.each(payloads)('payload %# in any parameter stays text', async (payload) => {
    for (const name of [
      'client_id',
      'redirect_uri',
      'state',
      'scope',
      'login_hint',
      'ui_locales',
      'nonce',
      'prompt',
      'acr_values',
      'response_mode',
      'claims',
      payload,
    ]) {
      const { status, location, html, headers } = await ask(app.begin({ [name]: payload }).url)
      expect(status).toBeLessThan(500)
      expect(html).not.toMatch(/<script>alert|onerror=alert\(1\)>/)
      expect(headers.get('set-cookie') ?? '').not.toMatch(/a=b/)
      if (location !== null)
        expect(new URL(location, server.issuer).href).toMatch(
          new RegExp(`^(${server.issuer}/interaction/|${CALLBACK}\\?)`),
        )
    }
  })
})
