/** Pages that a live server shows seldom: too many sign-ins at once, production's start page, errors of each kind. */
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { describe, expect, test } from 'vitest'
import type { Middleware } from 'koa'
import { createErrorRenderer } from '#interactions/error/renderer.ts'
import { createHomePage } from '#interactions/home/page.ts'
import { LIMIT } from '#sign-in/attempts-store.ts'
import { createHasher } from '#sign-in/hashing.ts'
import { atEnd } from '../support/endings.ts'
import { textOf } from '../support/person.ts'
import { fieldOf, startWorld } from './world.ts'

const ISSUER = 'https://id.example/tenant'

async function serve(...middleware: Middleware[]): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const app = new Koa()
  for (const one of middleware) app.use(one)
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  atEnd(() => server.close())
  const { port } = server.address() as AddressInfo
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init })
}

test('too many sign-ins at once are told so with 503 and Retry-After, and keep the address that was typed', async () => {
  const world = await startWorld({ createHasher })
  await world.admin.call('PATCH', '/settings', { limits: { waiting_passwords: 1 } })
  const browser = world.somebody()
  const page = await world.signInPage(browser)
  const csrf = fieldOf(page, 'csrf')
  const rush = Array.from({ length: 30 }, (_, at) => {
    const body = new URLSearchParams({ csrf, identifier: `person-${at}@example.com`, password: 'not-my-password' })
    return world.post(browser, page, { step: 'login', body })
  })
  const answers = await Promise.all(rush)
  const busy = answers.findIndex(({ status }) => status === 503)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([422, 503]))
  expect(answers[busy]?.headers.get('retry-after')).toBe('2')
  const html = (await answers[busy]?.text()) ?? ''
  expect(textOf(html)).toContain('Many people are signing in at this moment. Wait a few seconds and try again.')
  expect(fieldOf({ ...page, html }, 'identifier')).toBe(`person-${busy}@example.com`)
})

test('V28: whoever guesses too often is told to wait, in both languages, with 429 and Retry-After', async () => {
  const world = await startWorld()
  const browser = world.somebody()
  const page = await world.signInPage(browser)
  const fields = { csrf: fieldOf(page, 'csrf'), identifier: 'somebody@example.com', password: 'not-my-password' }
  const guess = (also = {}) =>
    world.post(browser, page, { step: 'login', body: new URLSearchParams({ ...fields, ...also }) })
  for (let at = 0; at < LIMIT.free; at += 1) expect((await guess()).status).toBe(422)
  const answer = await guess()
  expect(answer.status).toBe(429)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  const html = await answer.text()
  expect(textOf(html)).toContain('There were too many attempts. Wait a while before you try again.')
  expect(await world.newestEvent('sign_in.failed')).toMatchObject({ reason: 'too many attempts' })
  expect((await guess({ identifier: 'another@example.com' })).status).toBe(422)
})

describe('the start page', () => {
  const linksOf = (html: string) => [...html.matchAll(/<li><a href="(https:[^"]*)"/g)].map(([, href]) => href)

  test('links the rooms that are open and the discovery document', async () => {
    const request = await serve(createHomePage({ issuer: ISSUER, production: false, open: ['account', 'docs'] }))
    const html = await (await request('/')).text()
    expect(linksOf(html)).toEqual([`${ISSUER}/account`, `${ISSUER}/docs`, `${ISSUER}/.well-known/openid-configuration`])
  })

  test('in production tells the name and the way to the account, no more', async () => {
    const request = await serve(
      createHomePage({ issuer: ISSUER, production: true, open: ['account', 'console', 'docs'] }),
    )
    const html = await (await request('/')).text()
    expect(linksOf(html)).toEqual([`${ISSUER}/account`])
    expect(textOf(html)).not.toMatch(/token|server|discovery/i)
  })

  test('is for GET and HEAD of its own path alone', async () => {
    const request = await serve(createHomePage({ issuer: ISSUER, production: false, open: [] }))
    const head = await request('/', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await request('/', { method: 'POST' })).status).toBe(404)
    expect((await request('/x')).status).toBe(404)
  })
})

describe('the error page', () => {
  const failure = {
    error: 'the_word',
    code: 'the_code',
    description: 'What exactly was wrong.',
    faults: [],
    requestId: 'req-7',
  }

  test.each([
    [400, 'This request cannot go on'],
    [403, 'Access was refused'],
    [404, 'There is no such page'],
    [429, 'Not available at this moment'],
    [500, 'Something broke on our side'],
    [503, 'Not available at this moment'],
  ])('of status %d says "%s", and the request id last', async (status, title) => {
    const render = createErrorRenderer(ISSUER)
    const request = await serve((ctx) => render(ctx, { ...failure, status }))
    const answer = await request('/somewhere')
    const words = textOf(await answer.text())
    expect(answer.status).toBe(status)
    expect(words).toContain(title)
    expect(words).toMatch(/Request req-7 English 한국어$/)
    expect(words.includes('What exactly was wrong.')).toBe(status !== 404)
  })

  test('that answers a POST offers no language link, which would send the form again', async () => {
    const render = createErrorRenderer(ISSUER)
    const request = await serve((ctx) => render(ctx, { ...failure, status: 400 }))
    expect(await (await request('/x', { method: 'POST' })).text()).not.toMatch(/[?]lang=|hreflang/)
  })
})
