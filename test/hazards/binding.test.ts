/** Codes and tokens belong to somebody: another client, another way to authenticate or another resource gets nothing. */
import { beforeAll, expect, test } from 'vitest'
import type { TokenAnswer } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import {
  anApp,
  API,
  EVERYTHING,
  expectRefused,
  granted,
  somebody,
  type Stage,
  startStage,
} from '../support/hazard-world.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(2)
})

/** A token request with exactly these members. */
async function ask(params: Record<string, string>, headers: Record<string, string> = {}): Promise<TokenAnswer> {
  const body = new URLSearchParams(params)
  const response = await stage.second.fetch('/token', { method: 'POST', headers, body })
  return {
    status: response.status,
    body: (await response.json()) as Record<string, string>,
    headers: response.headers,
  }
}

test('V6: a code that another client presents is refused, and its own client redeems it afterwards', async () => {
  const [owner, thief, someone] = [await anApp(stage, 'web'), await anApp(stage, 'web'), await somebody(stage)]
  const grant = await owner.app.code(someone.browser, someone.who, EVERYTHING)
  for (const node of [stage.first, stage.second]) {
    const answer = await thief.app.redeem(grant, {}, node)
    await expectRefused(stage, answer, { status: 400, error: 'invalid_grant', description: /client mismatch/ })
  }
  expect((await owner.app.redeem(grant)).status).toBe(200)
})

test.each(['web', 'spa'] as const)(
  'V6: a refresh token of a %s client that another client presents is refused, and the grant goes on',
  async (profile) => {
    const { app, tokens } = await granted(stage, profile)
    for (const thief of [await anApp(stage, 'web'), await anApp(stage, 'spa')]) {
      const answer = await thief.app.refresh(tokens['refresh_token'] as string, {}, stage.second)
      await expectRefused(stage, answer, { status: 400, error: 'invalid_grant', description: /client mismatch/ })
    }
    expect((await app.refresh(tokens['refresh_token'] as string)).status).toBe(200)
  },
)

test('V6: a revocation of another client’s refresh token changes nothing', async () => {
  const { app, tokens } = await granted(stage)
  const thief = await anApp(stage, 'web')
  await thief.app.call('/revoke', { token: tokens['refresh_token'] as string })
  expect((await app.refresh(tokens['refresh_token'] as string)).status).toBe(200)
})

test('V7: a refresh token of a confidential client is worth nothing without its own authentication', async () => {
  const { app, client, tokens } = await granted(stage)
  const bySecret = await anApp(stage, 'web', { token_endpoint_auth_method: 'client_secret_basic' })
  const stranger = await anApp(stage, 'web')
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] as string }
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })
  const foreign = await assertionParams({ issuer: stage.first.issuer, clientId: client.id, key: stranger.client.key })
  const attempts: Record<string, TokenAnswer> = {
    'as a public client': await ask({ ...refresh, client_id: client.id }),
    'with a secret in the form': await ask({ ...refresh, client_id: client.id, client_secret: 'guessed' }),
    'with a secret in the header': await ask(refresh, basic(client.id, 'guessed')),
    'with the secret of another client': await ask(refresh, basic(client.id, bySecret.client.secret as string)),
    'with an assertion by another key': await ask({ ...refresh, ...foreign }),
  }
  for (const answer of Object.values(attempts)) {
    await expectRefused(stage, answer, { status: 401, error: 'invalid_client', description: /\w+ \w+/ })
  }
  expect((await app.refresh(refresh.refresh_token)).status).toBe(200)
})

test('V7: a client with a secret refreshes with that secret and by no other means', async () => {
  const { app, client } = await anApp(stage, 'web', { token_endpoint_auth_method: 'client_secret_basic' })
  const someone = await somebody(stage)
  const { code, verifier } = await app.code(someone.browser, someone.who, EVERYTHING)
  const basic = (secret: string) => ({
    authorization: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`,
  })
  const redeemed = await ask(
    { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: app.redirectUri },
    basic(client.secret as string),
  )
  expect(redeemed.status).toBe(200)
  const refresh = { grant_type: 'refresh_token', refresh_token: redeemed.body['refresh_token'] as string }
  const signed = await assertionParams({ issuer: stage.first.issuer, clientId: client.id, key: client.key })
  const refused = { status: 401, error: 'invalid_client', description: /\w+ \w+/ }
  for (const answer of [
    await ask({ ...refresh, client_id: client.id }),
    await ask({ ...refresh, ...signed }),
    await ask(refresh, basic(`${client.secret}x`)),
    await ask({ ...refresh, client_id: client.id, client_secret: (client.secret as string).slice(0, -1) }),
  ]) {
    await expectRefused(stage, answer, refused)
  }
  expect((await ask(refresh, basic(client.secret as string))).status).toBe(200)
})

test('V16: neither a code nor a refresh token reaches a resource that was not granted with it', async () => {
  const other = 'https://other.example.com'
  await stage.admin.resource(other, ['posts:read'])
  const { app } = await anApp(stage, 'web', {
    signet_allow: [
      { resource: API, scopes: ['posts:read'] },
      { resource: other, scopes: ['posts:read'] },
    ],
  })
  const someone = await somebody(stage)
  const grant = await app.code(someone.browser, someone.who, EVERYTHING)
  const outside = { status: 400, error: 'invalid_target', description: /\w+ \w+/ }
  await expectRefused(stage, await app.redeem(grant, { resource: other }), outside)
  const { status, body } = await app.redeem(grant)
  expect(status).toBe(200)
  await expectRefused(stage, await app.refresh(body['refresh_token'] as string, { resource: other }), outside)
  const within = await app.refresh(body['refresh_token'] as string, { resource: API })
  expect(within.status).toBe(200)
})

test('V17: a scope beyond the registered ones is refused by name at every grant', async () => {
  const limited = { signet_allow: [{ resource: API, scopes: ['posts:read'] }] }
  const [machine, web] = [await anApp(stage, 'machine', limited), await anApp(stage, 'web', limited)]
  const named = { status: 400, error: 'invalid_scope', description: /posts:write/ }
  const asked = await machine.app.token({ grant_type: 'client_credentials', scope: 'posts:read posts:write' })
  await expectRefused(stage, asked, named)
  const someone = await somebody(stage)
  const { body } = await web.app.redeem(await web.app.code(someone.browser, someone.who, EVERYTHING))
  const more = await web.app.refresh(body['refresh_token'] as string, { scope: 'posts:read posts:write' })
  await expectRefused(stage, more, { ...named, description: /scope/ })
  expect(more.body['scope']).toBe('posts:write')
  const { left } = await someone.browser.visit(web.app.begin({ ...EVERYTHING, scope: 'openid posts:write' }).url)
  expect(left?.searchParams.get('error')).toBe('invalid_scope')
  expect(left?.searchParams.get('error_description')).toMatch(/posts:write/)
})
