/** What one process changes the other obeys: at once by notification, and within the stated age without one. */
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { answerOf, person } from '../support/person.ts'
import { type Server, type ServerProcess, startProcesses, startServer } from '../support/server.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { atMost } from '../support/time-limits.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const ada = { email: 'ada@example.com', password: PASSWORD }
const STATED_AGE_MS = atMost(5500)
let first: Server
let second: Server
let admin: Administrator

beforeAll(async () => {
  ;[first, second] = (await startProcesses(2)) as [ServerProcess, ServerProcess]
  admin = await administrator(first)
  await admin.resource(API, ['posts:read', 'posts:write'])
})

async function machineToken(
  client: RegisteredClient,
  node: Server,
  params: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await node.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(await assertionParams({ issuer: node.issuer, clientId: client.id, key: client.key })),
      ...params,
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

function aMachine(scopes = ['posts:read']): Promise<RegisteredClient> {
  return admin.client('machine', { signet_allow: [{ resource: API, scopes }] })
}

function within(ms: number, condition: () => Promise<boolean>): Promise<void> {
  return eventually(condition, ms, () => `the other node has not followed within ${ms} ms`)
}

describe('within a second', () => {
  test('a disabled client gets no token from the other node, and an enabled one does again', async () => {
    const machine = await aMachine()
    expect((await machineToken(machine, second)).status).toBe(200)
    await admin.call('POST', `/clients/${machine.id}/disable`)
    await within(SOON_MS, async () => (await machineToken(machine, second)).status === 401)
    await admin.call('POST', `/clients/${machine.id}/enable`)
    await within(SOON_MS, async () => (await machineToken(machine, second)).status === 200)
  })

  test('a scope that a client gains is given by the other node, and one it loses is not', async () => {
    const machine = await aMachine()
    const ask = () => machineToken(machine, second, { scope: 'posts:write' })
    expect((await ask()).body['error']).toBe('invalid_scope')
    await admin.call('PATCH', `/clients/${machine.id}`, { signet_allow: [{ resource: API, scopes: ['posts:write'] }] })
    await within(SOON_MS, async () => (await ask()).status === 200)
    expect((await machineToken(machine, second, { scope: 'posts:read' })).body['error']).toBe('invalid_scope')
  })

  test('a resource that is deleted is no target on the other node', async () => {
    const api = 'https://short-lived.example.com'
    await admin.resource(api, ['x'])
    const machine = await admin.client('machine', { signet_allow: [{ resource: api, scopes: ['x'] }] })
    expect((await machineToken(machine, second, { resource: api })).status).toBe(200)
    await admin.call('DELETE', `/resources/${encodeURIComponent(api)}`)
    await within(
      SOON_MS,
      async () => (await machineToken(machine, second, { resource: api })).body['error'] === 'invalid_target',
    )
  })

  test('a disabled person is signed in no more on the other node: session, userinfo, refresh', async () => {
    const sub = await admin.account('gone@example.com', PASSWORD)
    const web = await admin.client('web', { redirect_uris: [CALLBACK] })
    const app = createApp(first, web, CALLBACK)
    const browser = person(() => second)
    const { body } = await app.redeem(
      await app.code(browser, { ...ada, email: 'gone@example.com' }, { scope: 'openid offline_access' }),
    )
    await admin.call('POST', `/accounts/${sub}/disable`)
    const info = await second.fetch('/userinfo', { headers: { authorization: `Bearer ${body['access_token']}` } })
    expect(info.status).toBe(401)
    expect((await app.refresh(body['refresh_token'] as string, {}, second)).body['error']).toBe('invalid_grant')
    const { left } = await browser.visit(app.begin({ prompt: 'none' }).url)
    expect(answerOf(left as URL)['error']).toBe('login_required')
  })
})

test('with the notifications cut, a change is obeyed within the stated age', async () => {
  const proxy = await tcpProxy(first.databaseUrl)
  const deaf = await startServer({
    databaseUrl: first.databaseUrl,
    keysDir: first.keysDir,
    env: { SIGNET_ISSUER: first.issuer, DATABASE_DIRECT_URL: proxy.url },
  })
  const machine = await aMachine()
  proxy.fallSilent()
  expect((await machineToken(machine, deaf)).status).toBe(200)
  await admin.call('POST', `/clients/${machine.id}/disable`)
  expect((await machineToken(machine, deaf)).status, 'the notification did arrive').toBe(200)
  await within(STATED_AGE_MS, async () => (await machineToken(machine, deaf)).status === 401)
})

test('a rotation of the signing keys under load on two nodes loses no request, and tokens of both keys verify', async () => {
  const machine = await aMachine()
  const tokens: string[] = []
  const failures: unknown[] = []
  const keySets: JSONWebKeySet[] = []
  const fetchKeys = async () => keySets.push((await (await first.fetch('/jwks')).json()) as JSONWebKeySet)
  await fetchKeys()
  const kidOf = (token: string) => decodeProtectedHeader(token).kid
  /** The keys that each node has signed with so far. */
  const kids = new Map([first, second].map((node) => [node, new Set()]))
  const goesOn = () => failures.length === 0 && [...kids.values()].some(({ size }) => size < 2)
  const lanes = [first, second, first, second].map(async (node) => {
    while (goesOn()) {
      const { status, body } = await machineToken(machine, node)
      if (status !== 200) return failures.push(body)
      tokens.push(body['access_token'] as string)
      kids.get(node)?.add(kidOf(body['access_token'] as string))
    }
    return undefined
  })
  await eventually(() => tokens.length >= 80 || failures.length > 0)
  await admin.call('POST', '/keys/rotate')
  await Promise.all(lanes)
  await fetchKeys()
  expect(failures).toEqual([])
  expect(new Set(tokens.map(kidOf)).size).toBe(2)
  // the key that signs after the rotation was published before it, so a set fetched before still verifies all
  for (const keys of keySets) {
    for (const token of tokens) await jwtVerify(token, createLocalJWKSet(keys))
  }
  // nobody goes on signing with the old key
  await within(SOON_MS, async () => {
    const after = await Promise.all(
      [first, second].map(async (node) => (await machineToken(machine, node)).body['access_token'] as string),
    )
    return new Set(after.map((token) => decodeProtectedHeader(token).kid)).size === 1
  })
})
