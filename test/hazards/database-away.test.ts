/** What the world sees while PostgreSQL is frozen or gone: 503 soon and in words, never a hang, and back by itself. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { EmbeddedDatabase } from '#embedded-postgres/embedded-postgres.ts'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { childrenOf } from '../support/holder-process.ts'
import { startOwnPostgres } from '../support/own-postgres.ts'
import { answerOf, person, textOf } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'
import { atMost } from '../support/time-limits.ts'

const API = 'https://api.example.com'
const DISCOVERY = '/.well-known/openid-configuration'
const CALLBACK = 'https://shop.example.com/callback'
let postgres: EmbeddedDatabase
let server: Server
let admin: Administrator
let machine: RegisteredClient
let web: RegisteredClient
let spa: RegisteredClient
/** The discovery document before anything goes wrong. */
let published: string
/** How far the server's clock is ahead, in milliseconds. */
let ahead = 0

beforeAll(async () => {
  postgres = await startOwnPostgres()
  server = await startServer({
    databaseUrl: postgres.url,
    overrides: { clock: { now: () => new Date(Date.now() + ahead) } },
  })
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  machine = await admin.client('machine', { signet_allow: [{ resource: API, scopes: ['posts:read'] }] })
  web = await admin.client('web', {
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  spa = await admin.client('spa', { redirect_uris: [CALLBACK] })
  await admin.account('ada@example.com', PASSWORD)
  await admin.resource('https://mcp.example.com', ['mcp:tools'], {
    open_scopes: ['mcp:tools'],
    authorization_details_types: [{ type: 'tool_call', name: 'Call a tool', schema: { type: 'object' } }],
  })
  // what is asked for while the database is away was in use before
  expect((await ask(await tokenRequest())).status).toBe(200)
  expect((await ask({ path: createApp(server, web, CALLBACK).begin().url })).status).toBe(303)
  published = (await ask({ path: DISCOVERY })).text
  expect(JSON.parse(published)).toMatchObject({
    authorization_details_types_supported: ['tool_call'],
    client_id_metadata_document_supported: true,
    protected_resources: ['https://mcp.example.com'],
  })
})

interface Asked {
  readonly path: string
  readonly init?: RequestInit
}

async function ask({ path, init = {} }: Asked) {
  const started = performance.now()
  const response = await server.fetch(path, { redirect: 'manual', ...init })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, ms: performance.now() - started }
}

async function tokenRequest(): Promise<Asked> {
  const { issuer } = server
  const own = await assertionParams({ issuer, clientId: machine.id, key: machine.key })
  return {
    path: '/token',
    // a program that prefers pages still gets JSON
    init: {
      method: 'POST',
      headers: { accept: 'text/html, */*;q=0.2' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...own }),
    },
  }
}

async function ready(): Promise<number> {
  return (await fetch(`${server.managementUrl}/health/ready`)).status
}

/** Stops every process of PostgreSQL in its tracks; the returned function lets them go on. */
function freeze(): () => void {
  const pids = [postgres.pid, ...childrenOf(postgres.pid)]
  signal(pids, 'SIGSTOP')
  return () => signal(pids, 'SIGCONT')
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // a backend may have ended meanwhile
    }
  }
}

/** Not ready within two seconds, alive, and every kind of request is answered within three. */
async function expectAway(): Promise<void> {
  await expect.poll(ready, { timeout: atMost(2000), interval: 50 }).toBe(503)
  expect((await fetch(`${server.managementUrl}/health/live`)).status).toBe(200)
  const token = await ask(await tokenRequest())
  expect({ status: token.status, body: JSON.parse(token.text) as unknown }).toMatchObject({
    status: 503,
    body: { error: 'temporarily_unavailable', error_description: expect.stringMatching(/\w+ \w+/) as string },
  })
  expect(Number(token.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(token.headers.get('cache-control')).toBe('no-store')
  const revoke = await ask({
    path: '/revoke',
    init: {
      method: 'POST',
      headers: { accept: 'text/html' },
      body: new URLSearchParams({ token: 'x'.repeat(43), client_id: spa.id }),
    },
  })
  expect(revoke).toMatchObject({ status: 503, text: expect.stringContaining('"temporarily_unavailable"') as string })
  // RFC 7009 §2.2.1: it may be asked again; who kept this answer would go on hearing it
  expect(revoke.headers.get('cache-control')).toBe('no-store')
  const page = await ask({
    path: createApp(server, web, CALLBACK).begin().url,
    init: { headers: { accept: 'text/html' } },
  })
  expect([303, 503]).toContain(page.status)
  if (page.status === 303) {
    expect(page.headers.get('location')).toMatch(new RegExp(`^${CALLBACK}\\?.*error=temporarily_unavailable`))
  } else {
    expect(textOf(page.text)).toMatch(/cannot answer/)
  }
  const api = await ask({ path: '/admin/v1/clients', init: { headers: { authorization: 'Bearer x' } } })
  // a refusal is in the audit log or it is none
  expect(api).toMatchObject({ status: 503, text: expect.stringContaining('"code":"database_unavailable"') as string })
  for (const { ms } of [token, revoke, page, api]) expect(ms).toBeLessThan(atMost(3000))
  expect(await ask({ path: '/jwks' })).toMatchObject({ status: 200 })
  // longer than any part of it is remembered while the database answers
  ahead += 10_000
  expect(await ask({ path: DISCOVERY })).toMatchObject({ status: 200, text: published })
}

/** Within five seconds, without a restart. */
async function expectBack(): Promise<void> {
  await expect.poll(ready, { timeout: atMost(5000), interval: 100 }).toBe(200)
  await expect
    .poll(async () => (await ask(await tokenRequest())).status, { timeout: atMost(5000), interval: 100 })
    .toBe(200)
}

describe('while PostgreSQL', () => {
  test('is frozen, the server says so and comes back with it', async () => {
    const thaw = freeze()
    try {
      await expectAway()
    } finally {
      thaw()
    }
    await expectBack()
  })

  test('is away, the server says so, logs it once a second at most, and never a bug', async () => {
    const before = server.logLines().length
    const started = performance.now()
    const thaw = freeze()
    try {
      await Promise.all(Array.from({ length: 100 }, async () => ask(await tokenRequest())))
    } finally {
      thaw()
    }
    await expectBack()
    const seconds = (performance.now() - started) / 1000
    const lines = server.logLines().slice(before)
    expect(lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
    const warnings = lines.filter(({ level, msg }) => level === 'warn' && msg !== 'request')
    expect(warnings.length).toBeLessThanOrEqual(3 * (seconds + 1))
  })
})

/** While nothing can be written to the audit log, and everything else can. */
async function withoutAudit(work: () => Promise<void>): Promise<void> {
  await asSuperuser(async (client) => {
    await client.query('BEGIN; LOCK TABLE audit_events IN EXCLUSIVE MODE')
    await work()
  }, postgres.url)
}

test('a sign-out whose event cannot be written did not happen, and is done when it is asked for again', async () => {
  const browser = person(() => server)
  const app = createApp(server, spa, CALLBACK, true)
  await app.code(browser, { email: 'ada@example.com', password: PASSWORD })
  const question = await browser.visit('/logout')
  const leave = () => browser.submit(question, {}, { name: 'logout', value: 'yes' })
  const signedIn = async () => {
    const { left } = await browser.visit(app.begin({ prompt: 'none' }).url)
    return answerOf(left as URL)['error'] === undefined
  }
  const before = (await admin.audit('session.ended')).length
  await withoutAudit(async () => expect((await leave()).status).toBe(503))
  expect(await signedIn()).toBe(true)
  expect((await leave()).status).toBe(200)
  expect(await signedIn()).toBe(false)
  expect(await admin.audit('session.ended')).toHaveLength(before + 1)
})

test.each([
  ['a refresh token', 'refresh_token', { scope: 'openid offline_access' }],
  ['an opaque access token', 'access_token', { scope: 'openid' }],
  ['a structured access token', 'access_token', { scope: 'openid posts:read', resource: API }],
])('a revocation of %s whose event cannot be written did not happen', async (_what, member, params) => {
  const app = createApp(server, web, CALLBACK)
  const who = { email: 'ada@example.com', password: PASSWORD }
  const { body } = await app.redeem(
    await app.code(
      person(() => server),
      who,
      params,
    ),
  )
  const token = body[member] as string
  const active = async () => (await app.call('/introspect', { token })).body['active'] as unknown
  const before = (await admin.audit('token.revoked')).length
  await withoutAudit(async () => expect((await app.call('/revoke', { token })).status).toBe(503))
  expect(await active()).toBe(true)
  expect((await app.call('/revoke', { token })).status).toBe(200)
  expect(await active()).toBe(false)
  expect((await app.call('/revoke', { token })).status).toBe(200)
  expect(await admin.audit('token.revoked')).toHaveLength(before + 1)
})
