/** How the answer reaches the app: by redirect, or by a form that the browser posts. */
import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let app: App

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
})

test('form_post is a page whose policy lets it do just that', async () => {
  const browser = person(() => server)
  await app.code(browser, ada)
  const page = await browser.visit(app.begin({ response_mode: 'form_post' }).url)
  expect(page.status).toBe(200)
  expect(page.html).toContain(`action="${CALLBACK}"`)
  const script = /<script>([\s\S]*?)<\/script>/.exec(page.html)?.[1] ?? ''
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  expect(policy).toContain('form-action http://localhost:5000')
  expect(policy).toContain("default-src 'none'")
  // without script a button does it
  expect(page.html).toMatch(/<noscript>[\s\S]*<button/)
})

test('implicit and hybrid response types are refused', async () => {
  for (const type of ['token', 'id_token', 'id_token token', 'code token']) {
    const { left, status } = await person(() => server).visit(app.begin({ response_type: type }).url)
    const answer = new URLSearchParams(left?.hash.slice(1) || left?.search)
    expect([status, answer.get('error')]).toEqual([303, 'unsupported_response_type'])
    expect(answer.get('iss')).toBe(server.issuer)
  }
})
