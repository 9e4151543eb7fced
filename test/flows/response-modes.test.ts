/** How the answer reaches the app: by redirect, or by a form that the browser posts. */
import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
})

test('form_post is a page whose policy allows only its script and the way to the app', async () => {
  const browser = person(() => server)
  await app.code(browser, ada)
  const page = await browser.visit(app.begin({ response_mode: 'form_post' }).url)
  expect(page.status).toBe(200)
  expect(page.html).toContain(`action="${CALLBACK}"`)
  expect(page.html).toMatch(/name="code" value="[\w-]{20,}"/)
  const script = /<script>([\s\S]*?)<\/script>/.exec(page.html)?.[1] ?? ''
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  expect(policy).toContain('form-action http://localhost:* http://127.0.0.1:*;')
  expect(policy).toContain("default-src 'none'")
  // without script the button sends it
  expect(page.html).toMatch(/<form[^>]*>[\s\S]*<button type="submit"[^>]*>Continue<\/button>/)
})

test('form_post is shown in the language that was asked for, and escapes what the app sent', async () => {
  const browser = person(() => server)
  await app.code(browser, ada)
  const state = `"><script>alert(1)</script>`
  const page = await browser.visit(app.begin({ response_mode: 'form_post', ui_locales: 'ko', state }).url)
  expect(page.html).toContain('<html lang="ko"')
  expect(page.html).toContain('앱으로 돌아가고 있어요')
  expect(page.html).toContain('name="state" value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
  expect(page.headers.get('content-language')).toBe('ko')
})

test('an error by form_post goes to the app with its description', async () => {
  const page = await person(() => server).visit(app.begin({ response_mode: 'form_post', registration: '{}' }).url)
  expect(page.status).toBe(400)
  expect(page.html).toContain(`action="${CALLBACK}"`)
  expect(page.html).toContain('name="error" value="registration_not_supported"')
  expect(page.html).toMatch(/name="error_description" value="the parameter registration is not supported: /)
})

test('no part of a redirect URI that is not registered reaches the policy of a page', async () => {
  for (const redirect_uri of [
    "https://x;script-src 'unsafe-inline'",
    'https://x;script-src-elem',
    'https://evil.example/cb',
  ]) {
    const { status, headers } = await person(() => server).visit(
      app.begin({ response_mode: 'form_post', redirect_uri }).url,
    )
    const policy = headers.get('content-security-policy') ?? ''
    expect({ redirect_uri, status }).toEqual({ redirect_uri, status: 400 })
    expect(policy).toContain("form-action 'self';")
    expect(policy).not.toMatch(/script-src|unsafe|evil|https:/)
  }
})

test('implicit and hybrid response types are refused', async () => {
  const description =
    'only response_type=code is supported: the implicit and hybrid flows, which put tokens into URLs, are not offered (OAuth 2.1)'
  for (const type of ['token', 'id_token', 'id_token token', 'code token', 'none']) {
    const { left, status } = await person(() => server).visit(app.begin({ response_type: type }).url)
    const answer = new URLSearchParams(left?.hash.slice(1) || left?.search)
    expect([status, answer.get('error')]).toEqual([303, 'unsupported_response_type'])
    expect(answer.getAll('error_description')).toEqual([description])
    expect(answer.get('iss')).toBe(server.issuer)
    const [event] = await admin.audit('authorization.refused')
    expect(event).toMatchObject({ outcome: 'failure', reason: `unsupported_response_type: ${description}` })
    const posted = await person(() => server).visit(app.begin({ response_type: type, response_mode: 'form_post' }).url)
    expect(posted.html).toContain(`value="${description}"`)
  }
})
