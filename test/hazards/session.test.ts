/** The cookie of a session: it changes with each sign-in, cannot be planted, and is bound to the host where it can be. */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { anApp, CALLBACK, somebody, type Stage, startStage } from '../support/hazard-world.ts'
import { answerOf, cookieHeader, type Person } from '../support/person.ts'
import { startServer } from '../support/server.ts'

const SESSION = 'signet_session'
let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})

/** The session cookie with its signature, as a request would send it. */
function sessionOf({ cookies }: Person): string {
  return [SESSION, `${SESSION}.sig`].map((name) => `${name}=${cookies.get(name)}`).join('; ')
}

/** What a request with `prompt=none` and just this cookie is answered. */
async function silently(cookie: string, url: string): Promise<Record<string, unknown>> {
  const response = await stage.first.fetch(url, { headers: { cookie }, redirect: 'manual' })
  expect(response.status).toBe(303)
  return answerOf(new URL(response.headers.get('location') as string))
}

test('V21: there is no session to plant before a sign-in, and each sign-in gives it a new name', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  const none = () => app.begin({ prompt: 'none' }).url
  const page = await browser.visit(app.begin().url)
  expect(browser.cookies.has(SESSION)).toBe(false)
  await browser.authorize(page.url, who)
  const first = sessionOf(browser)
  expect(browser.cookies.get(SESSION)).toMatch(/.{20}/)
  expect(await silently(first, none())).toHaveProperty('code')
  await browser.authorize(app.begin({ prompt: 'login' }).url, who)
  expect(sessionOf(browser)).not.toBe(first)
  expect(await silently(sessionOf(browser), none())).toHaveProperty('code')
})

test('V21: whoever planted or left their own session does not have that of the next person who signs in', async () => {
  const { app } = await anApp(stage, 'web')
  const [one, other] = [await somebody(stage), await somebody(stage)]
  await app.code(one.browser, one.who, { scope: 'openid' })
  const before = sessionOf(one.browser)
  expect(await silently(before, app.begin({ prompt: 'none' }).url)).toHaveProperty('code')
  await one.browser.authorize(app.begin({ prompt: 'login' }).url, other.who)
  expect(sessionOf(one.browser)).not.toBe(before)
  expect(await silently(before, app.begin({ prompt: 'none' }).url)).toMatchObject({ error: 'login_required' })
})

test('V21: a value that the server did not make is no session, signed by somebody or not', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const signature = browser.cookies.get(`${SESSION}.sig`)
  const made = randomBytes(32).toString('base64url')
  for (const cookie of [
    `${SESSION}=${made}`,
    `${SESSION}=${made}; ${SESSION}.sig=${signature}`,
    `${SESSION}=${browser.cookies.get(SESSION)}; ${SESSION}.sig=${randomBytes(20).toString('base64url')}`,
  ]) {
    expect(await silently(cookie, app.begin({ prompt: 'none' }).url)).toMatchObject({ error: 'login_required' })
  }
})

test('V21: a sign-in that is asked for anew and cancelled leaves the session as it was', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who, sub } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const page = await browser.visit(app.begin({ prompt: 'login' }).url)
  const action = /<form[^>]*action="([^"]*\/cancel)"[^>]*>([\s\S]*?)<\/form>/.exec(page.html)
  const csrf = /name="csrf" value="([^"]*)"/.exec(action?.[2] ?? '')?.[1] as string
  const cookie = cookieHeader(browser.cookies)
  const cancelled = await stage.first.fetch(action?.[1] as string, {
    method: 'POST',
    headers: { cookie, accept: 'text/html' },
    body: new URLSearchParams({ csrf }),
    redirect: 'manual',
  })
  expect(cancelled.status).toBe(303)
  const back = await browser.visit(cancelled.headers.get('location') as string)
  expect(answerOf(back.left as URL)).toMatchObject({ error: 'access_denied' })
  expect(await silently(sessionOf(browser), app.begin({ prompt: 'none' }).url)).toHaveProperty('code')
  const { items } = await stage.admin.call<{ items: unknown[] }>('GET', `/accounts/${sub}/sessions`)
  expect(items).toHaveLength(1)
})

test('V21: behind an https issuer no other host or path can set a cookie of ours; on loopback they need no TLS', async () => {
  const { client } = await anApp(stage, 'web')
  const query = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  })
  const host = 'id.example.com'
  const secure = await startServer({
    databaseUrl: stage.first.databaseUrl,
    keysDir: stage.first.keysDir,
    env: {
      SIGNET_ISSUER: `https://${host}`,
      SIGNET_TRUSTED_PROXIES: '127.0.0.1/32',
      SIGNET_ALLOW_GENERATED_KEYS: 'true',
      HOST: '127.0.0.1',
    },
  })
  const begun = await secure.fetch(`http://${host}/authorize?${query.toString()}`, {
    headers: { 'x-forwarded-proto': 'https' },
    redirect: 'manual',
  })
  expect(begun.status).toBe(303)
  const lines = begun.headers.getSetCookie()
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    expect(line).toMatch(/; secure/i)
    expect(line).toMatch(/; httponly/i)
    expect(line).toMatch(/; samesite=lax/i)
    expect(line).not.toMatch(/; domain=/i)
    const path = /; path=([^;]*)/i.exec(line)?.[1]
    expect(line.startsWith(path === '/' ? '__Host-' : '__Secure-'), line).toBe(true)
  }
  const plain = await stage.first.fetch(`/authorize?${query.toString()}`, { redirect: 'manual' })
  for (const line of plain.headers.getSetCookie()) {
    expect(line).not.toMatch(/^__|; secure/i)
    expect(line).toMatch(/; httponly/i)
  }
})
