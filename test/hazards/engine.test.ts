/** What the engine does by itself and must not do here, on two live processes. */
import { exportJWK, generateKeyPair } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { assertionParams } from '../support/assertion.ts'
import { ALLOWED, anApp, API, CALLBACK, granted, somebody, type Stage, startStage } from '../support/hazard-world.ts'
import { keysHost } from '../support/keys-host.ts'
import { answerOf, cookieHeader, type Person, person, type Visit } from '../support/person.ts'
import type { Server } from '../support/server.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(2)
})

test('A5: a session that an administrator ends while requests of it are under way stays ended on every node', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who, sub } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const cookie = cookieHeader(browser.cookies)
  const { items } = await stage.admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
  expect(items).toHaveLength(1)
  const visit = async (node: Server) => {
    const { url } = app.begin({ prompt: 'none' })
    const response = await node.fetch(url, { headers: { cookie }, redirect: 'manual' })
    expect(response.status).toBe(303)
    return answerOf(new URL(response.headers.get('location') as string))
  }
  const nodes = [stage.first, stage.second]
  const underWay = Array.from({ length: 30 }, (_, index) => visit(nodes[index % 2] as Server))
  const [, ...answers] = await Promise.all([
    stage.admin.call('DELETE', `/accounts/${sub}/sessions/${items[0]?.id}`),
    ...underWay,
  ])
  expect(answers).toHaveLength(30)
  for (const node of nodes) {
    for (let times = 0; times < 3; times++) expect(await visit(node)).toMatchObject({ error: 'login_required' })
  }
  expect((await stage.admin.call<{ items: unknown[] }>('GET', `/accounts/${sub}/sessions`)).items).toEqual([])
})

/** More than the hundred clients whose parsed metadata the engine keeps. */
const CLIENTS = 110

test(
  'A12: more clients in turn than the engine keeps have their keys fetched once each',
  { timeout: 180_000 },
  async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    const common = { alg: 'ES256', use: 'sig', kid: 'k1' }
    const key = { ...(await exportJWK(pair.privateKey)), ...common }
    const host = await keysHost([{ ...(await exportJWK(pair.publicKey)), ...common }])
    const also = { jwks_uri: host.url, signet_allow: ALLOWED.signet_allow }
    const clients: { id: string }[] = []
    // a few at a time, as clients come
    while (clients.length < CLIENTS) {
      clients.push(...(await Promise.all(Array.from({ length: 10 }, () => stage.admin.client('machine', also)))))
    }
    const token = async (clientId: string) => {
      const params = await assertionParams({ issuer: stage.first.issuer, clientId, key })
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...params })
      const response = await stage.first.fetch('/token', { method: 'POST', body })
      await response.text()
      return response.status
    }
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < clients.length; at += 10) {
        const answers = await Promise.all(clients.slice(at, at + 10).map(({ id }) => token(id)))
        expect(new Set(answers)).toEqual(new Set([200]))
      }
      expect(host.asked).toBe(CLIENTS)
    }
  },
)

test('A17: two tabs of one browser that come back from sign-in at once both arrive at the app', async () => {
  const { app } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const tabs = [
    await browser.visit(app.begin({ prompt: 'login' }).url),
    await browser.visit(app.begin({ prompt: 'login' }).url),
  ]
  // both leave with the same cookie, and the first answer replaces it before the second request is read
  const early = browser.fork()
  for (const [index, from] of [browser, early].entries()) {
    const { left, html } = await from.submit(tabs[index] as Visit, { identifier: who.email, password: who.password })
    expect(left, html).toBeDefined()
    expect(answerOf(left as URL)).toMatchObject({ code: expect.any(String) as string })
  }
  for (const tab of [browser, early]) {
    const after = await tab.visit(app.begin({ prompt: 'none' }).url)
    expect(answerOf(after.left as URL)).toHaveProperty('code')
  }
})

test('A19: every answer of every back channel says that it must not be kept', async () => {
  const { app, tokens } = await granted(stage)
  const refresh = tokens['refresh_token'] as string
  const answers = [
    await app.refresh(refresh),
    await app.refresh('unknown'),
    await app.token({ grant_type: 'client_credentials' }),
    await app.call('/introspect', { token: refresh }),
    await app.call('/introspect', {}),
    await app.push(app.begin().params),
    await app.push({ response_type: 'nonsense' }),
    await app.call('/revoke', { token: 'unknown' }),
    await app.call('/revoke', {}),
    await app.call('/revoke', { token: refresh }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 200, 400, 201, 400, 200, 400, 200])
  for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store')
  for (const path of ['/userinfo', '/token', '/introspect', '/revoke', '/par']) {
    const method = path === '/userinfo' ? 'GET' : 'POST'
    const response = await stage.second.fetch(path, { method, headers: { authorization: 'Bearer unknown' } })
    expect(response.status, path).toBeGreaterThanOrEqual(400)
    expect(response.headers.get('cache-control'), path).toBe('no-store')
  }
})

test('S7: two consents at once to different scopes of one app are both remembered', async () => {
  const { app } = await anApp(stage, 'web')
  const { who, sub } = await somebody(stage)
  const browsers = [person(() => stage.first), person(() => stage.second)]
  const scopes = ['openid posts:read', 'openid posts:write']
  const consents = await Promise.all(
    browsers.map(async (browser, index) => {
      const { url } = app.begin({ scope: scopes[index] as string, resource: API })
      return browser.submit(await browser.visit(url), { identifier: who.email, password: who.password })
    }),
  )
  const allowed = await Promise.all(
    consents.map((page, index) => (browsers[index] as Person).submit(page, {}, { name: 'decision', value: 'allow' })),
  )
  for (const { left } of allowed) expect(left?.href.startsWith(CALLBACK)).toBe(true)
  // nothing is left to ask, for either scope or both
  const another = person(() => stage.second)
  const { url } = app.begin({ scope: 'openid posts:read posts:write', resource: API })
  const back = await another.submit(await another.visit(url), { identifier: who.email, password: who.password })
  expect(answerOf(back.left as URL)).toHaveProperty('code')
  expect((await stage.admin.call<{ items: unknown[] }>('GET', `/accounts/${sub}/grants`)).items).toHaveLength(1)
})
