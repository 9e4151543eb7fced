import type { Context } from 'koa'
import { describe, expect, test } from 'vitest'
import { createCsrf, type Csrf, forgedForm } from '#http/csrf.ts'
import { startLoopback, type Loopback } from './loopback.ts'

const KEY = Buffer.alloc(32, 1)
const NEXT_KEY = Buffer.alloc(32, 2)

function room(csrf: Csrf) {
  return async (ctx: Context): Promise<void> => {
    const binding = ctx.path
    if (ctx.method === 'GET') {
      ctx.body = { token: csrf.field(ctx, binding).value, again: csrf.field(ctx, binding).value }
      return
    }
    if (!(await csrf.readForm(ctx, binding))) throw forgedForm()
    ctx.body = 'done'
  }
}

async function start(keys: readonly Buffer[]): Promise<Loopback> {
  return startLoopback([room(createCsrf({ keys, issuer: 'http://localhost:3000' }))])
}

async function openForm(server: Loopback, path = '/one') {
  const response = await fetch(server.url + path)
  const cookie = response.headers.getSetCookie()[0] ?? ''
  const body = (await response.json()) as { token: string; again: string }
  return { ...body, setCookie: cookie, cookie: cookie.split(';', 1)[0] as string }
}

async function submit(
  server: Loopback,
  form: { cookie?: string; token?: string },
  further: Record<string, string> = {},
) {
  const response = await fetch(`${server.url}/one`, {
    method: 'POST',
    headers: { ...(form.cookie === undefined ? {} : { cookie: form.cookie }), ...further },
    body: new URLSearchParams(form.token === undefined ? {} : { csrf: form.token }),
  })
  return { status: response.status, body: await response.text() }
}

const REFUSED = {
  status: 403,
  body: JSON.stringify({
    error: 'forged_form',
    error_description:
      'This form is too old, or it was not made by a page of this site in this browser. Go back, load the page again and send it once more.',
  }),
}

describe('form protection', () => {
  test('accepts a form that the browser sends on its own, which no other site can make it do', async () => {
    const server = await start([KEY])
    expect(await submit(server, await openForm(server), { 'sec-fetch-site': 'none' })).toMatchObject({ status: 200 })
  })

  test('gives a browser with a cookie that is none of ours a new one', async () => {
    const server = await start([KEY])
    const response = await fetch(`${server.url}/one`, { headers: { cookie: 'signet-form=short' } })
    expect(response.headers.getSetCookie()[0]).toMatch(/^signet-form=[\w-]{43};/)
  })

  test('accepts the form that a page made in this browser', async () => {
    const server = await start([KEY])
    const form = await openForm(server)
    expect(form.setCookie).toMatch(/^signet-form=[\w-]{43}; path=\/; samesite=lax; httponly$/i)
    expect(form.again).toBe(form.token)
    expect(await submit(server, form)).toEqual({ status: 200, body: 'done' })
    expect(await submit(server, form, { 'sec-fetch-site': 'same-origin' })).toEqual({ status: 200, body: 'done' })
  })

  test('refuses a form without token, without cookie, with another’s token or for something else', async () => {
    const server = await start([KEY])
    const mine = await openForm(server)
    const others = await openForm(server)
    const elsewhere = await openForm(server, '/two')
    expect(await submit(server, { cookie: mine.cookie })).toEqual(REFUSED)
    expect(await submit(server, { token: mine.token })).toEqual(REFUSED)
    expect(await submit(server, { cookie: mine.cookie, token: others.token })).toEqual(REFUSED)
    expect(await submit(server, elsewhere)).toEqual(REFUSED)
    expect(await submit(server, { cookie: mine.cookie, token: `${mine.token}x` })).toEqual(REFUSED)
    expect(await submit(server, { cookie: mine.cookie, token: 'ü' })).toEqual(REFUSED)
  })

  test('refuses a token that another server made for this cookie', async () => {
    const server = await start([KEY])
    const foreign = await start([NEXT_KEY])
    expect(await submit(server, await openForm(foreign))).toEqual(REFUSED)
  })

  test('refuses what a browser says comes from another site', async () => {
    const server = await start([KEY])
    const form = await openForm(server)
    for (const site of ['cross-site', 'same-site']) {
      expect(await submit(server, form, { 'sec-fetch-site': site })).toEqual(REFUSED)
    }
  })

  test('accepts a form made before the key changed', async () => {
    const form = await openForm(await start([KEY]))
    expect(await submit(await start([NEXT_KEY, KEY]), form)).toEqual({ status: 200, body: 'done' })
    expect(await submit(await start([NEXT_KEY]), form)).toEqual(REFUSED)
  })

  test('keeps its cookie from other hosts and from plain http when the issuer is https', async () => {
    const csrf = createCsrf({ keys: [KEY], issuer: 'https://auth.example.test' })
    const server = await startLoopback([room(csrf)], { issuer: 'https://auth.example.test' })
    const answer = await server.send('GET /one HTTP/1.1\r\nHost: auth.example.test\r\nConnection: close\r\n\r\n')
    expect(answer.headers['set-cookie']).toMatch(/^__Host-signet-form=.*; path=\/;.* secure;/i)
  })
})
