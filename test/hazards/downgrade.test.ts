/** Nothing weaker than what is promised is advertised, and nothing weaker is taken. */
import { UnsecuredJWT } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { anApp, CALLBACK, expectRefused, somebody, type Stage, startStage } from '../support/hazard-world.ts'
import { answerOf } from '../support/person.ts'

let stage: Stage
let metadata: Record<string, unknown>

beforeAll(async () => {
  stage = await startStage()
  metadata = (await (await stage.first.fetch('/.well-known/openid-configuration')).json()) as Record<string, unknown>
})

test('V15: no list of the metadata names an unsigned, symmetric or plain way', () => {
  const lists = Object.entries(metadata).filter(([name]) => /_alg_values_supported$|challenge_methods/.test(name))
  expect(lists.length).toBeGreaterThan(3)
  for (const [name, values] of lists) {
    expect(values, name).not.toEqual([])
    for (const value of values as string[])
      expect(value, name).not.toMatch(/^(none|plain|HS\d+|RSA1_5|dir|A\d+(GCM)?KW)$/i)
  }
  const atEndpoints = Object.entries(metadata).filter(([name]) => name.endsWith('endpoint_auth_methods_supported'))
  for (const [name, methods] of atEndpoints) expect(methods, name).not.toContain('client_secret_jwt')
})

test('V15: an unsigned request object is refused at both endpoints, and nothing it says is believed', async () => {
  const { app, client } = await anApp(stage, 'web')
  const { browser, who } = await somebody(stage)
  await app.code(browser, who, { scope: 'openid' })
  const request = new UnsecuredJWT({
    client_id: client.id,
    response_type: 'code',
    redirect_uri: 'https://evil.example/',
    scope: 'openid posts:write',
    state: 'from-the-object',
  })
    .setIssuer(client.id)
    .setAudience(stage.first.issuer)
    .encode()
  const begun = app.begin({ request, prompt: 'none' })
  const { left, html } = await browser.visit(begun.url)
  const answer = left ? answerOf(left) : {}
  expect(left?.href.startsWith(CALLBACK) ?? true).toBe(true)
  expect(left ? answer['error'] : html).toMatch(/request/)
  expect(answer).not.toHaveProperty('code')
  expect(answer['state']).not.toBe('from-the-object')
  const pushed = await app.push({ ...app.begin().params, request })
  await expectRefused(stage, pushed, {
    status: 400,
    error: 'invalid_request_object',
    description: /alg is 'none'/,
    event: 'endpoint.refused',
  })
})

test('V14: what was pushed without a challenge is refused as if it had been sent by the browser', async () => {
  const { app } = await anApp(stage, 'web')
  for (const params of [
    { code_challenge: '', code_challenge_method: '' },
    { code_challenge_method: 'plain' },
    { code_challenge_method: '' },
    { code_challenge: 'short' },
  ]) {
    const answer = await app.push(app.begin(params).params)
    await expectRefused(stage, answer, {
      status: 400,
      error: 'invalid_request',
      description: /code_challenge|PKCE/,
      event: 'endpoint.refused',
    })
  }
})

test('V14: a client that may go without a challenge is held to the one it sent', async () => {
  const { app } = await anApp(stage, 'web', { signet_pkce: 'optional' })
  const { browser, who } = await somebody(stage)
  const grant = await app.code(browser, who, { scope: 'openid', nonce: 'n' })
  for (const verifier of ['', 'x'.repeat(43)]) {
    const answer = await app.redeem({ ...grant, verifier })
    await expectRefused(stage, answer, { status: 400, error: 'invalid_grant', description: /code_verifier/ })
  }
  expect((await app.redeem(grant)).status).toBe(200)
})

test('V14: a verifier for a code that was requested without a challenge is refused, and the code stays usable', async () => {
  const { app } = await anApp(stage, 'web', { signet_pkce: 'optional' })
  const { browser, who } = await somebody(stage)
  const plain = { scope: 'openid', nonce: 'n', code_challenge: '', code_challenge_method: '' }
  const grant = await app.code(browser, who, plain)
  await expectRefused(stage, await app.redeem(grant), {
    status: 400,
    error: 'invalid_grant',
    description: 'code_verifier was sent, but the authorization request had no code_challenge',
    event: 'token.refused',
  })
  const { code } = grant
  const redirect = { redirect_uri: app.redirectUri }
  expect((await app.token({ grant_type: 'authorization_code', code, ...redirect })).status).toBe(200)
})

test.each(['spa', 'native', 'fapi2'])('V14: a %s client cannot be registered to go without', async (profile) => {
  const admin = await administrator(stage.first)
  const answer = await admin.ask('POST', '/clients', {
    body: { signet_profile: profile, client_name: 'x', redirect_uris: [CALLBACK], signet_pkce: 'optional' },
  })
  expect(answer.status).toBe(400)
  expect(JSON.stringify(answer.body)).toContain('signet_pkce')
})
