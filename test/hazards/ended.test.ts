/** Who is disabled, or whose things were revoked, gets nothing by any grant, endpoint or node. */
import { beforeAll, expect, test } from 'vitest'
import type { TokenAnswer } from '../support/app.ts'
import {
  anApp,
  EVERYTHING,
  expectRefused,
  granted,
  type Granted,
  type Registered,
  type Stage,
  startStage,
} from '../support/hazard-world.ts'
import { answerOf } from '../support/person.ts'
import type { Server } from '../support/server.ts'
import { SOON_MS } from '../support/eventually.ts'

let stage: Stage
let gateway: Registered

beforeAll(async () => {
  stage = await startStage(2)
  gateway = await anApp(stage, 'machine', { signet_introspect: true })
})

interface Held extends Granted {
  readonly code: { code: string; verifier: string }
  readonly opaque: string
  readonly pushed: string
}

/** One person with everything that there is: session, code, refresh token, JWT, opaque token, pushed request. */
async function hold(profile: 'web' | 'spa' = 'web'): Promise<Held> {
  const owner = await granted(stage, profile)
  const { app, browser, who } = owner
  const { body } = await app.redeem(await app.code(browser, who, { scope: 'openid' }))
  const pushed = await app.push(app.begin({ prompt: 'none' }).params)
  return {
    ...owner,
    opaque: body['access_token'] as string,
    pushed: pushed.body['request_uri'] as string,
    code: await app.code(browser, who, EVERYTHING),
  }
}

function nodes(): Server[] {
  return [stage.second, stage.first]
}

async function userinfo(token: string, node: Server): Promise<{ status: number; body: Record<string, string> }> {
  const response = await node.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

/** Introspection, on every node, says no more than that it is over. */
async function expectInactive(tokens: readonly (string | undefined)[]): Promise<void> {
  for (const node of nodes()) {
    for (const token of tokens) {
      const { status, body } = await gateway.app.call('/introspect', { token: token as string }, node)
      expect({ status, body }).toEqual({ status: 200, body: { active: false } })
    }
  }
}

async function expectActive({ tokens, opaque }: Held): Promise<void> {
  for (const token of [tokens['access_token'], tokens['refresh_token'], opaque]) {
    expect((await gateway.app.call('/introspect', { token: token as string })).body).toMatchObject({ active: true })
  }
}

function everyToken({ tokens, opaque }: Held): (string | undefined)[] {
  return [tokens['access_token'], tokens['refresh_token'], opaque]
}

test('V8: a disabled person gets nothing more on any node: refresh, code, userinfo, introspection, session, sign-in', async () => {
  const held = await hold()
  await expectActive(held)
  await stage.admin.call('POST', `/accounts/${held.sub}/disable`)
  const refused = { status: 400, error: 'invalid_grant', description: /\w+ \w+/ }
  for (const node of nodes()) {
    await expectRefused(stage, await held.app.refresh(held.tokens['refresh_token'] as string, {}, node), refused)
    await expectRefused(stage, await held.app.redeem(held.code, {}, node), refused)
    expect(await userinfo(held.opaque, node)).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  }
  await expectInactive(everyToken(held))
  const { left } = await held.browser.visit(held.app.begin({ prompt: 'none' }).url)
  expect(answerOf(left as URL)).toMatchObject({ error: 'login_required' })
  const page = await held.browser.visit(held.app.begin().url)
  const again = await held.browser.submit(page, { identifier: held.who.email, password: held.who.password })
  expect(again.left).toBeUndefined()
  expect(again.html).toMatch(/name="password"/)
  const [failed] = await stage.admin.audit('sign_in.failed')
  expect(failed).toMatchObject({ outcome: 'failure', account_id: held.sub })
})

test('V8: a disabled client gets nothing more on any node, whichever way it asks', async () => {
  const [held, machine] = [await hold(), await anApp(stage, 'machine')]
  const { body } = await machine.app.token({ grant_type: 'client_credentials' })
  for (const { client } of [held, machine]) await stage.admin.call('POST', `/clients/${client.id}/disable`)
  const token = (node: Server) => machine.app.token({ grant_type: 'client_credentials' }, node)
  const ask = (node: Server): Promise<TokenAnswer>[] => [
    token(node),
    held.app.refresh(held.tokens['refresh_token'] as string, {}, node),
    held.app.redeem(held.code, {}, node),
    held.app.call('/introspect', { token: held.opaque }, node),
    held.app.call('/revoke', { token: held.opaque }, node),
    held.app.call('/par', { client_id: held.client.id, response_type: 'code' }, node),
  ]
  for (const node of nodes()) {
    // other nodes are told: within a second
    await expect.poll(async () => (await token(node)).status, { timeout: SOON_MS, interval: 20 }).toBe(401)
    const answers = await Promise.all(ask(node))
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 401,
        body: { error: 'invalid_client', error_description: 'client authentication failed' },
      })
    }
    const query = new URLSearchParams({ client_id: held.client.id, request_uri: held.pushed })
    for (const url of [held.app.begin().url, `${stage.first.issuer}/authorize?${query.toString()}`]) {
      const page = await node.fetch(url, { redirect: 'manual' })
      expect({ status: page.status, to: page.headers.get('location') }).toEqual({ status: 400, to: null })
    }
    expect((await userinfo(held.opaque, node)).status).toBe(401)
  }
  await expectInactive([...everyToken(held), body['access_token']])
})

const REVOCATIONS: Record<string, (held: Held) => Promise<unknown>> = {
  'the person’s sessions and consents were ended': async ({ sub, client }) => {
    const { items } = await stage.admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
    for (const { id } of items) await stage.admin.call('DELETE', `/accounts/${sub}/sessions/${id}`)
    await stage.admin.call('DELETE', `/accounts/${sub}/grants/${client.id}`)
  },
  'the person’s account was disabled and enabled again': async ({ sub }) => {
    await stage.admin.call('POST', `/accounts/${sub}/disable`)
    await stage.admin.call('POST', `/accounts/${sub}/enable`)
  },
  'the client was deleted': ({ client }) => stage.admin.call('DELETE', `/clients/${client.id}`),
}

test.each(Object.keys(REVOCATIONS))('V22: introspection is inactive on every node at once after %s', async (what) => {
  const held = await hold()
  await expectActive(held)
  await REVOCATIONS[what]?.(held)
  await expectInactive(everyToken(held))
  for (const node of nodes()) expect((await userinfo(held.opaque, node)).status).toBe(401)
  const refresh = await held.app.refresh(held.tokens['refresh_token'] as string, {}, stage.second)
  expect([400, 401]).toContain(refresh.status)
  expect(['invalid_grant', 'invalid_client']).toContain(refresh.body['error'])
})
