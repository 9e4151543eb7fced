/** An address to return to that the app has not registered: a page that says which, and in development what to do. */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const SIGNED_OUT = 'https://shop.example.com/bye'
const SENT = 'https://shop.example.com/callbacks'
const PRODUCTION = {
  NODE_ENV: 'production',
  SIGNET_ALLOW_INSECURE_ISSUER: 'true',
  SIGNET_ALLOW_GENERATED_KEYS: 'true',
}
let server: Server
let admin: Administrator
let client: RegisteredClient
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  client = await admin.client('web', {
    client_name: 'Shop',
    redirect_uris: ['https://other.example.com/cb', CALLBACK],
    post_logout_redirect_uris: [SIGNED_OUT],
  })
  app = createApp(server, client, CALLBACK)
})

describe('in development', () => {
  test('a redirect URI that is not registered is shown with the app, what is registered, and the command', async () => {
    const { status, headers, html } = await firstAnswer(server, app.begin({ redirect_uri: SENT }).url)
    const text = textOf(html)
    expect(status).toBe(400)
    expect(text).toContain('This app is not set up correctly')
    expect(text).toContain('Shop asked us to return you to an address that is not registered for it')
    expect(text).toContain('https://other.example.com/cb')
    expect(html).toContain('callback<mark>s</mark>')
    expect(text).toContain(
      `signet clients update ${client.id} --redirect-uri https://other.example.com/cb --redirect-uri ${CALLBACK} --redirect-uri ${SENT}`,
    )
    expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
      client_id: client.id,
      reason: expect.stringMatching(/^invalid_redirect_uri: redirect_uri did not match/) as string,
      detail: { unregistered_uri: SENT },
    })
  })

  test('the page is written in the language of the reader', async () => {
    const { html } = await firstAnswer(server, app.begin({ redirect_uri: SENT, ui_locales: 'ko' }).url)
    expect(textOf(html)).toContain('앱 설정이 올바르지 않아요')
  })

  test('no command is given for what could not be registered, and markup stays text', async () => {
    const sent = 'https://shop.example.com/"><script>alert(1)</script>'
    const { html } = await firstAnswer(server, app.begin({ redirect_uri: sent }).url)
    expect(html).not.toMatch(/<script>alert|signet clients update/)
    expect(textOf(html)).toContain('/"><script>alert(1)</script>')
  })

  test('a word that a shell would read is quoted in the command', async () => {
    const { html } = await firstAnswer(server, app.begin({ redirect_uri: "https://evil.example/$(id)'&x" }).url)
    expect(textOf(html)).toContain(`--redirect-uri 'https://evil.example/$(id)'\\''&x'`)
  })

  test('an address after sign-out that is not registered is shown alike', async () => {
    const query = new URLSearchParams({ client_id: client.id, post_logout_redirect_uri: `${SIGNED_OUT}/` })
    const { status, headers, html } = await firstAnswer(server, `/logout?${query.toString()}`)
    const text = textOf(html)
    expect(status).toBe(400)
    expect(text).toContain('Shop asked us to return you to an address that is not registered for it')
    expect(html).toContain('bye<mark>/</mark>')
    expect(text).toContain(
      `signet clients update ${client.id} --post-logout-redirect-uri ${SIGNED_OUT} --post-logout-redirect-uri ${SIGNED_OUT}/`,
    )
    expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({
      reason: 'invalid_request: post_logout_redirect_uri not registered',
      detail: { unregistered_uri: `${SIGNED_OUT}/` },
    })
  })

  test('a pushed request is refused as JSON, and the event keeps the address', async () => {
    const { params } = app.begin({ redirect_uri: SENT })
    const { status, body, headers } = await app.push(params)
    expect([status, body['error']]).toEqual([400, 'invalid_request'])
    expect(await admin.eventOf('endpoint.refused', headers)).toMatchObject({ detail: { unregistered_uri: SENT } })
  })
})

describe('in production', () => {
  test('the page shows the app and what was sent, and nothing of what is registered', async () => {
    const { issuer, databaseUrl, keysDir } = server
    const production = await startServer({ databaseUrl, keysDir, env: { ...PRODUCTION, SIGNET_ISSUER: issuer } })
    const { html } = await firstAnswer(production, app.begin({ redirect_uri: SENT }).url)
    const text = textOf(html)
    expect(text).toContain('Shop asked us to return you')
    expect(text).toContain(SENT)
    expect(text).not.toMatch(/other\.example\.com|signet clients|Registered/)
  })
})
