/** A sign-in that cannot go on offers a way on, or back to the app, instead of a dead end. */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, cookieHeader, person, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  const web = await admin.client('web', { client_name: 'Blog', redirect_uris: [CALLBACK] })
  app = createApp(server, web, CALLBACK)
  await admin.account(ada.email, ada.password)
})

const someone = () => person(() => server)

function linkOf(page: Visit, words: RegExp): string {
  const link = [...page.html.matchAll(/<a [^>]*href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g)].find(([, , text]) =>
    words.test(text ?? ''),
  )
  if (!link?.[1]) throw new Error(`the page has no such link: ${page.html}`)
  return link[1].replaceAll('&amp;', '&')
}

test('one begun in another browser starts again here, with the same request', async () => {
  const begun = app.begin()
  const page = await someone().visit(begun.url)
  const elsewhere = someone()
  const lost = await elsewhere.visit(page.url)
  expect(lost.status).toBe(403)
  const left = await elsewhere.authorize(linkOf(lost, /Start again/), ada)
  expect(answerOf(left)).toMatchObject({ state: begun.state, code: expect.any(String) })
})

test('one that waited too long starts again', async () => {
  const browser = someone()
  const begun = app.begin()
  const page = await browser.visit(begun.url)
  await asSuperuser(
    (client) =>
      client.query(
        "UPDATE artefacts SET expires_at = now() - interval '1 minute' WHERE kind = 'Interaction' AND consumed_at IS NULL",
      ),
    server.databaseUrl,
  )
  const late = await browser.submit(page, { identifier: ada.email, password: ada.password })
  expect(late.status).toBe(410)
  const left = await browser.authorize(linkOf(late, /Start again/), ada)
  expect(answerOf(left)).toMatchObject({ state: begun.state, code: expect.any(String) })
})

test('one that waited so long that its row is gone starts again, and elsewhere tells nothing', async () => {
  const browser = someone()
  const begun = app.begin()
  const page = await browser.visit(begun.url)
  await removeInteractions()
  for (const url of [page.url, page.url.replace('/interaction/', '/authorize/')]) {
    const late = await browser.visit(url)
    expect(late.status).toBe(410)
    expect(linkOf(late, /Blog/)).toBe('http://localhost:5000/')
    expect(new URL(linkOf(late, /Start again/)).searchParams.get('state')).toBe(begun.state)
  }
  const sealed = browser.cookies.get('signet_way_back')
  expect(sealed).toMatch(/^[\w-]{20,}/)
  expect(sealed).not.toContain(begun.state)
  const elsewhere = await someone().visit(page.url)
  expect(elsewhere.status).toBe(404)
  expect(elsewhere.html).not.toContain('Blog')
  const left = await browser.authorize(linkOf(await browser.visit(page.url), /Start again/), ada)
  expect(answerOf(left)).toMatchObject({ state: begun.state, code: expect.any(String) })
})

test('one whose parameters are too long for a cookie leads back to the app once its row is gone', async () => {
  const browser = someone()
  const page = await browser.visit(app.begin({ state: randomBytes(3000).toString('base64url') }).url)
  await removeInteractions()
  const late = await browser.visit(page.url)
  expect(late.status).toBe(410)
  expect(linkOf(late, /Blog/)).toBe('http://localhost:5000/')
  expect(late.html).not.toContain('Start again')
})

test('the head of its answer fits the buffer of a proxy, however long the state is', async () => {
  // the smallest default of nginx's proxy_buffer_size
  const smallest = 4096
  for (const bytes of [16, 300, 1000, 3000]) {
    const { url } = app.begin({ state: randomBytes(bytes).toString('base64url') })
    const { headers, status } = await server.fetch(url, { redirect: 'manual' })
    expect(status).toBe(303)
    const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`)
    expect(lines.join('').length, `with a state of ${bytes} bytes`).toBeLessThan(smallest)
    expect(headers.getSetCookie().filter((line) => line.startsWith('signet_way_back='))).toHaveLength(1)
  }
})

test('one that was answered keeps nothing of its request in the database', async () => {
  const browser = someone()
  await browser.authorize(app.begin({ prompt: 'login' }).url, ada)
  const rows = await asSuperuser(
    (client) =>
      client.query("SELECT payload, sealed FROM artefacts WHERE kind = 'Interaction' AND consumed_at IS NOT NULL"),
    server.databaseUrl,
  )
  expect(rows.rows.length).toBeGreaterThan(0)
  for (const row of rows.rows) expect(row).toEqual({ payload: {}, sealed: null })
})

test('a sign-out of nobody stores nothing', async () => {
  const count = async () =>
    (await asSuperuser((client) => client.query('SELECT count(*) FROM sessions'), server.databaseUrl)).rows
  const before = await count()
  expect((await someone().visit('/logout?state=x')).status).toBe(200)
  expect(await count()).toEqual(before)
})

/** Does at once what the server does a minute or two after interactions expire. */
async function removeInteractions(): Promise<void> {
  await asSuperuser(
    (client) => client.query("DELETE FROM artefacts WHERE kind = 'Interaction' AND consumed_at IS NULL"),
    server.databaseUrl,
  )
}

test('one that was finished before, by the back button or in a second tab, leads back to the app', async () => {
  const browser = someone()
  const page = await browser.visit(app.begin({ scope: 'openid email' }).url)
  const consent = await browser.submit(page, { identifier: ada.email, password: ada.password })
  await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  for (const again of [await browser.visit(page.url), await browser.visit(consent.url)]) {
    expect(again.status).toBe(404)
    expect(linkOf(again, /Blog/)).toBe('http://localhost:5000/')
  }
})

test('the address that leads on after a sign-in is no dead end in another browser', async () => {
  const page = await someone().visit(app.begin().url)
  const uid = page.url.split('/').at(-1)
  const lost = await someone().visit(`${server.issuer}/authorize/${uid}`)
  expect(lost.status).toBe(403)
  expect(linkOf(lost, /Start again/)).toContain(`${server.issuer}/authorize?`)
})

test('one that never was says so, and tells nothing', async () => {
  const lost = await someone().visit(`${server.issuer}/interaction/unknown`)
  expect(lost.status).toBe(404)
  expect(lost.html).not.toContain('Blog')
})

test('another person who signs in ends the session of the one before', async () => {
  await admin.account('bob@example.com', PASSWORD)
  const browser = someone()
  await app.code(browser, ada)
  const before = new Map(browser.cookies)
  const page = await browser.visit(app.begin({ prompt: 'login' }).url)
  const consent = await browser.submit(page, { identifier: 'bob@example.com', password: PASSWORD })
  await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  const [event] = await admin.audit('session.ended')
  expect(event).toMatchObject({ reason: 'another person signed in' })
  // the cookie of the first session is worth nothing any more
  const cookie = cookieHeader(before)
  const response = await server.fetch(app.begin({ prompt: 'none' }).url, { headers: { cookie }, redirect: 'manual' })
  expect(response.headers.get('location')).toContain('error=login_required')
})

test('another person who signs in after one in a second tab ends the session of that one', async () => {
  const carol = { email: 'carol@example.com', password: PASSWORD }
  await admin.account(carol.email, carol.password)
  const browser = someone()
  const begun = app.begin()
  const first = await browser.visit(begun.url)
  await app.code(browser, ada)
  const before = new Map(browser.cookies)
  let page = await browser.submit(first, { identifier: carol.email, password: carol.password })
  if (/name="decision"/.test(page.html)) page = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
  expect(answerOf(page.left as URL)).toMatchObject({ state: begun.state, code: expect.any(String) })
  const [event] = await admin.audit('session.ended')
  expect(event).toMatchObject({ reason: 'another person signed in' })
  const cookie = cookieHeader(before)
  const response = await server.fetch(app.begin({ prompt: 'none' }).url, { headers: { cookie }, redirect: 'manual' })
  expect(response.headers.get('location')).toContain('error=login_required')
})
