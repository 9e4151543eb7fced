/** An issuer with a path: every URL starts with it, and clients find the metadata by either rule. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { connect, createDevice } from '../support/device.ts'
import { answerOf, person } from '../support/person.ts'
import { freePort } from '../support/ports.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let origin: string
let app: App
let admin: Administrator

beforeAll(async () => {
  const port = await freePort()
  origin = `http://localhost:${port}`
  server = await startServer({ env: { PORT: String(port), SIGNET_ISSUER: `${origin}/auth/main` } })
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
})

test('serves its metadata below its path and in the path-insert form (RFC 8414 §3.1)', async () => {
  for (const path of [
    '/auth/main/.well-known/openid-configuration',
    '/auth/main/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration/auth/main',
    '/.well-known/oauth-authorization-server/auth/main',
  ]) {
    const response = await server.fetch(origin + path)
    expect(response.status).toBe(200)
    const metadata = (await response.json()) as Record<string, string>
    expect(metadata['issuer']).toBe(`${origin}/auth/main`)
    for (const [name, value] of Object.entries(metadata)) {
      if (/_endpoint$|^jwks_uri$/.test(name)) expect(value).toMatch(new RegExp(`^${origin}/auth/main/`))
    }
  }
  expect((await server.fetch(`${origin}/.well-known/openid-configuration`)).status).toBe(404)
  expect((await server.fetch(`${origin}/jwks`)).status).toBe(404)
})

test('tells password managers at the host, where they look, and below its path where passkeys are looked after', async () => {
  for (const path of ['/.well-known/passkey-endpoints', '/auth/main/.well-known/passkey-endpoints']) {
    const response = await server.fetch(origin + path)
    expect(response.status).toBe(200)
    const page = `${origin}/auth/main/account`
    expect(await response.json()).toEqual({ enroll: page, manage: page })
  }
})

test('signs a person in, out and back in below its path', async () => {
  const browser = person(() => server)
  const { body } = await app.redeem(await app.code(browser, ada))
  expect(decodeJwt(body['id_token'] as string).iss).toBe(`${origin}/auth/main`)
  const page = await browser.visit(`${server.issuer}/logout`)
  const out = await browser.submit(page, {}, { name: 'logout', value: 'yes' })
  expect(out.url).toBe(`${server.issuer}/logout/success`)
  const { left } = await browser.visit(app.begin({ prompt: 'none' }).url)
  expect(answerOf(left as URL)['error']).toBe('login_required')
})

test('leads people to their own page below its path, through the sign-in and back', async () => {
  const browser = person(() => server)
  const response = await server.fetch(`${origin}/.well-known/change-password`, { redirect: 'manual' })
  expect([response.status, response.headers.get('location')]).toEqual([303, '/auth/main/account/password'])
  const asked = await browser.visit(`${server.issuer}/account/sessions`)
  const page = await browser.submit(asked, { identifier: ada.email, password: ada.password })
  expect([page.status, page.url]).toEqual([200, `${server.issuer}/account/sessions`])
  for (const [, path] of page.html.matchAll(/(?:href|action)="(\/[^"]*)"/g)) expect(path).toMatch(/^\/auth\/main\//)
})

test('connects a device below its path', async () => {
  const device = createDevice(server, await admin.client('device'))
  const begun = await device.begin()
  expect(begun.verification_uri).toBe(`${server.issuer}/device`)
  await connect(
    person(() => server),
    begun.user_code,
    ada,
    begun.verification_uri,
  )
  expect((await device.poll(begun)).status).toBe(200)
})

test('takes the authorization request as a form too, and answers by 303 below its path', async () => {
  const { url } = app.begin()
  const response = await server.fetch(`${server.issuer}/authorize`, {
    method: 'POST',
    body: new URL(url).searchParams,
    redirect: 'manual',
  })
  expect(response.status).toBe(303)
  expect(response.headers.get('location')).toMatch(/^\/auth\/main\/authorize\?client_id=/)
})
