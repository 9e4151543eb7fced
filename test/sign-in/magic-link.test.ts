/** A sign-in method is one folder and one row: this one is of the test, and reaches a live server by an override. */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { magicLink } from '../support/magic-link/magic-link.ts'
import { type Person, person, textOf, type Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example/cb'
const sent = new Map<string, string>()
let server: Server
let admin: Administrator
let app: App
let made = 0

beforeAll(async () => {
  server = await startServer({ overrides: { methods: ({ accounts }) => [magicLink({ accounts, sent })] } })
  admin = await administrator(server)
  app = createApp(server, await admin.client('web', { client_name: 'shop', redirect_uris: [CALLBACK] }), CALLBACK)
})

async function somebody(): Promise<{ email: string; sub: string }> {
  const email = `person-${(made += 1)}@example.com`
  return { email, sub: await admin.account(email, PASSWORD) }
}

/** From a new request by the link on the sign-in page to the page behind the link of the mail. */
async function openLink(browser: Person, email: string, params: Record<string, string> = {}) {
  const attempt = app.begin({ ui_locales: 'en', ...params })
  const start = await browser.visit(attempt.url)
  const href = /<a href="([^"]*)">Sign in by mail<\/a>/.exec(start.html)?.[1]
  const asks = await browser.visit(new URL(href ?? '', start.url).href)
  expect(textOf(asks.html)).toContain('Sign in by mail')
  expect(textOf((await browser.submit(asks, { email })).html)).toContain('Check your mail')
  return { ...attempt, page: await browser.visit(`${asks.url}?token=${sent.get(email) ?? ''}`) }
}

async function redeemed(browser: Person, page: Visit, verifier: string): Promise<Record<string, unknown>> {
  const { left } = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
  const { body } = await app.redeem({ code: left?.searchParams.get('code') ?? '', verifier })
  return decodeJwt(String(body.id_token))
}

test('it is offered on the sign-in page, has its own page, and signs a person in', async () => {
  const { email, sub } = await somebody()
  const browser = person(() => server)
  const { page, verifier } = await openLink(browser, email)
  const consent = await browser.submit(page, {})
  expect(await redeemed(browser, consent, verifier)).toMatchObject({
    sub,
    amr: ['otp'],
    acr: 'urn:signet:acr:password',
  })
  const [event] = await admin.audit('sign_in.succeeded')
  expect(event).toMatchObject({ account_id: sub, detail: { method: 'magic-link' } })
})

test('whoever has an authenticator app is asked for its code after it, and both together are two factors', async () => {
  const { email, sub } = await somebody()
  const phone = await authenticatorApp(server, sub)
  const browser = person(() => server)
  const { page, verifier } = await openLink(browser, email)
  const second = await browser.submit(page, {})
  expect(textOf(second.html)).toContain('Enter your code')
  const consent = await browser.submit(second, { code: await phone.code() })
  expect(await redeemed(browser, consent, verifier)).toMatchObject({
    sub,
    amr: ['otp', 'mfa'],
    acr: 'urn:signet:acr:mfa',
  })
})

test('by itself it is one factor, whatever class was asked for', async () => {
  const { email } = await somebody()
  const browser = person(() => server)
  const { page } = await openLink(browser, email, { acr_values: 'urn:signet:acr:mfa' })
  const unmet = await browser.submit(page, {})
  expect(textOf(unmet.html)).toContain('asks for a second step')
})

test('a link works once and in one sign-in alone, and guesses have to wait', async () => {
  const { email } = await somebody()
  const browser = person(() => server)
  const { page } = await openLink(browser, email)
  const other = person(() => server)
  const elsewhere = await openLink(other, (await somebody()).email)
  const foreign = await other.submit(withForm(elsewhere.page, page), {})
  expect(foreign.status).toBe(422)
  expect((await admin.audit('sign_in.failed'))[0]).toMatchObject({
    reason: 'not a link of this sign-in',
    detail: { method: 'magic-link' },
  })
  let last = foreign
  for (let tries = 0; tries < 12 && last.status === 422; tries += 1) last = await other.submit(last, {})
  expect([last.status, textOf(last.html)]).toEqual([429, expect.stringContaining('too many attempts')])
  expect(last.headers.get('retry-after')).toMatch(/^\d+$/)
  expect((await admin.audit('sign_in.failed'))[0]).toMatchObject({
    reason: 'too many attempts',
    detail: { method: 'magic-link' },
  })
})

/** The page with the token of another one: what an attacker gets who has somebody's link. */
function withForm(page: Visit, other: Visit): Visit {
  const token = /name="token" value="([^"]*)"/.exec(other.html)?.[1] ?? ''
  return { ...page, html: page.html.replace(/(name="token" value=")[^"]*/, `$1${token}`) }
}
