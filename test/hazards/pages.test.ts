/** Pages against what comes from outside: foreign hosts, text that would be more than text, and sign-outs by other sites. */
import { beforeAll, expect, test } from 'vitest'
import { anApp, CALLBACK, EVERYTHING, somebody, type Stage, startStage } from '../support/hazard-world.ts'
import { answerOf, cookieHeader, type Person, textOf, type Visit } from '../support/person.ts'
import { linesThatAreNoJson } from '../support/server-faults.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
})

const FOREIGN = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '444',
  'x-original-url': 'https://evil.example/',
  'x-rewrite-url': '/evil',
  'x-host': 'evil.example',
  forwarded: 'host=evil.example;proto=https',
  referer: 'https://evil.example/page',
  origin: 'https://evil.example',
}

test('V27: headers that name another host are in no link, redirect, form or answer', async () => {
  const { app } = await anApp(stage, 'web')
  const begun = await stage.first.fetch(app.begin().url, { headers: FOREIGN, redirect: 'manual' })
  expect(begun.status).toBe(303)
  const to = new URL(begun.headers.get('location') as string, stage.first.issuer)
  expect(to.href.startsWith(`${stage.first.issuer}/interaction/`)).toBe(true)
  const cookie = begun.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const page = await stage.first.fetch(to.href, { headers: { ...FOREIGN, cookie } })
  expect(page.status).toBe(200)
  const pushed = await app.push(app.begin().params)
  const answers = [
    await page.text(),
    JSON.stringify([...page.headers]),
    JSON.stringify(pushed.body),
    await (await stage.first.fetch('/', { headers: FOREIGN })).text(),
    await (await stage.first.fetch('/logout', { headers: FOREIGN })).text(),
    await (await stage.first.fetch('/nowhere', { headers: { ...FOREIGN, accept: 'text/html' } })).text(),
    await (await stage.first.fetch('/admin/v1/openapi.json', { headers: FOREIGN })).text(),
  ]
  for (const text of answers) expect(text).not.toContain('evil.example')
  const names = Object.keys(FOREIGN)
  const log = stage.first.logs()
  expect(log).toContain(begun.headers.get('x-request-id'))
  expect(names.filter((name) => log.includes(`"${name}":"https://evil.example`))).toEqual([])
})

const MARKUP = ['"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>", '</title><svg onload=alert(1)>']

function expectInert({ html, headers, status }: Visit): void {
  expect(status).toBeLessThan(500)
  expect(html).not.toMatch(/<script>alert|<img src=x|<svg onload/i)
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/default-src 'none'/)
  expect(policy).not.toMatch(/unsafe-|\*/)
  // a script runs by its digest or from here, or not at all
  expect(/script-src ([^;]*)/.exec(policy)?.[1] ?? "'self'").toMatch(/^('self'|'sha256-[\w+/=]+'| )+$/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-frame-options')).toBe('DENY')
}

test.each(MARKUP)('V36: %s stays text on every page, and no page lets a script of its own run', async (markup) => {
  const { app } = await anApp(stage, 'web', { client_name: `shop ${markup}`, redirect_uris: [CALLBACK] })
  const { browser, who } = await somebody(stage)
  const signIn = await browser.visit(app.begin({ ...EVERYTHING, login_hint: markup, ui_locales: 'en' }).url)
  expect(textOf(signIn.html)).toContain(markup)
  const again = await browser.submit(signIn, { identifier: `${markup}@example.com`, password: markup })
  const consent = await browser.submit(again, { identifier: who.email, password: who.password })
  expect(textOf(consent.html)).toContain(markup)
  const done = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  expect(done.left?.searchParams.get('code')).toMatch(/.+/)
  const pages = [
    signIn,
    again,
    consent,
    await browser.visit(`/logout?${new URLSearchParams({ state: markup, logout_hint: markup }).toString()}`),
    await browser.visit(`/authorize?${new URLSearchParams({ client_id: markup, error: markup }).toString()}`),
    await browser.visit(`/authorize?error_description=${encodeURIComponent(markup)}`),
    await browser.visit(`/interaction/${encodeURIComponent(markup)}`),
    await browser.visit(`/${encodeURIComponent(markup)}`),
    await browser.visit(`/?lang=${encodeURIComponent(markup)}`),
  ]
  for (const page of pages) expectInert(page)
})

test('V36: an answer by form names the app’s place and holds the values as text', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  for (const state of MARKUP) {
    const page = await browser.visit(app.begin({ state, response_mode: 'form_post' }).url)
    expect(page.html).not.toMatch(/<script>alert|<img src=x|<svg onload/i)
    expect(page.html).toContain(`action="${CALLBACK}"`)
    expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe-inline|unsafe-eval/)
  }
})

test('V37: what is typed, sent or registered forges neither a line of the log nor an event', async () => {
  const forged = 'x\r\n{"level":"fatal","msg":"forged"}\u001b[2J\u2028{"type":"account.deleted"}\u0000'
  const before = (await stage.admin.audit('account.deleted')).length
  const { app, client } = await anApp(stage, 'web')
  const { browser } = await somebody(stage)
  for (const name of ['state', 'nonce', 'login_hint', 'scope']) await browser.visit(app.begin({ [name]: forged }).url)
  const page = await browser.visit(app.begin().url)
  await browser.submit(page, { identifier: forged, password: forged })
  await app.redeem({ code: forged, verifier: forged })
  await app.refresh(forged, { scope: forged, resource: forged })
  await app.call('/revoke', { token: forged, token_type_hint: forged })
  await stage.admin.ask('PATCH', `/clients/${client.id}`, { body: { client_name: forged, client_uri: forged } })
  await stage.admin.ask('GET', `/clients/${encodeURIComponent(forged)}`)
  await stage.admin.ask('GET', `/audit?type=${encodeURIComponent(forged)}`)
  await expect.poll(() => linesThatAreNoJson(stage.first)).toEqual([])
  expect(stage.first.logLines().filter(({ level, msg }) => level === 'fatal' || msg === 'forged')).toEqual([])
  for (const raw of ['\u001b', '\u2028', '\u0000']) expect(stage.first.logs()).not.toContain(raw)
  expect(await stage.admin.audit('account.deleted')).toHaveLength(before)
})

async function isSignedIn(browser: Person, url: string): Promise<boolean> {
  const { left } = await browser.visit(url)
  return 'code' in answerOf(left as URL)
}

test('V40: a sign-out that another site asks for is a question first', async () => {
  const { app, client } = await anApp(stage, 'web', { post_logout_redirect_uris: ['https://app.example.com/bye'] })
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const asked = [
    {},
    { client_id: client.id },
    { post_logout_redirect_uri: 'https://app.example.com/bye', client_id: client.id },
  ].map((query) => `/logout?${new URLSearchParams(query as Record<string, string>).toString()}`)
  for (const url of asked) {
    const page = await browser.visit(url)
    expect(page.status).toBe(200)
    expect(textOf(page.html)).toContain('Sign out')
    expect(page.html).toMatch(/name="xsrf"/)
    expect(page.left).toBeUndefined()
    expect(await isSignedIn(browser, app.begin({ prompt: 'none' }).url), url).toBe(true)
  }
})

test('V40: a confirmation without the secret of the page, or with another one, signs nobody out', async () => {
  const { app } = await anApp(stage, 'web')
  const [{ browser, who }, other] = [await somebody(stage), await somebody(stage)]
  for (const person of [{ browser, who }, other]) await app.code(person.browser, person.who, { scope: 'openid' })
  await browser.visit('/logout')
  const foreign = /name="xsrf" value="([^"]+)"/.exec((await other.browser.visit('/logout')).html)?.[1] as string
  const cookie = cookieHeader(browser.cookies)
  for (const fields of [{ logout: 'yes' }, { logout: 'yes', xsrf: '' }, { logout: 'yes', xsrf: foreign }]) {
    const response = await stage.first.fetch('/logout/confirm', {
      method: 'POST',
      headers: { cookie, accept: 'text/html' },
      body: new URLSearchParams(fields as Record<string, string>),
      redirect: 'manual',
    })
    expect({ status: response.status, to: response.headers.get('location') }).toEqual({ status: 400, to: null })
    expect(textOf(await response.text())).toMatch(/xsrf/)
    expect(await stage.admin.eventOf('endpoint.refused', response.headers)).toMatchObject({
      outcome: 'failure',
      reason: expect.stringMatching(/^invalid_request: .*xsrf/) as string,
    })
    expect(await isSignedIn(browser, app.begin({ prompt: 'none' }).url)).toBe(true)
  }
})

test('V40: a hint that is forged, or of somebody else, ends no session and leads nowhere', async () => {
  const bye = 'https://app.example.com/bye'
  const { app, client } = await anApp(stage, 'web', { post_logout_redirect_uris: [bye] })
  const [me, other] = [await somebody(stage), await somebody(stage)]
  await app.code(me.browser, me.who, { scope: 'openid' })
  const { body } = await app.redeem(await app.code(other.browser, other.who, { scope: 'openid' }))
  const hint = body['id_token'] as string
  const forged = `${hint.slice(0, -8)}AAAAAAAA`
  for (const query of [
    { client_id: client.id, post_logout_redirect_uri: 'https://evil.example/' },
    { id_token_hint: hint, post_logout_redirect_uri: `${bye}/../evil` },
  ]) {
    const page = await me.browser.visit(`/logout?${new URLSearchParams(query as Record<string, string>).toString()}`)
    expect({ status: page.status, left: page.left }).toEqual({ status: 400, left: undefined })
    expect(page.html).not.toContain('href="https://evil.example')
  }
  for (const query of [
    { id_token_hint: hint },
    { id_token_hint: forged, post_logout_redirect_uri: bye },
    { id_token_hint: 'x.y.z', post_logout_redirect_uri: bye },
  ]) {
    const page = await me.browser.visit(`/logout?${new URLSearchParams(query as Record<string, string>).toString()}`)
    expect({ status: page.status, left: page.left }).toEqual({ status: 200, left: undefined })
    expect(textOf(page.html)).toContain('Sign out?')
  }
  expect(await isSignedIn(me.browser, app.begin({ prompt: 'none' }).url)).toBe(true)
})
