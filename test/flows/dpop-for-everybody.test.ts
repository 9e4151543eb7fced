/** Tokens bound to a key (DPoP, RFC 9449) for clients of any profile that send a proof, over two servers. */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { assertionParams } from '../support/assertion.ts'
import { anApp, API, EVERYTHING, expectRefused, type Registered, somebody } from '../support/hazard-world.ts'
import { type Stage, startStage } from '../support/hazard-world.ts'
import type { TokenAnswer } from '../support/app.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { answerOf } from '../support/person.ts'
import { proofKey, type ProofKey } from '../support/proof-key.ts'
import type { Server } from '../support/server.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage(2)
})

/** Sends a token request of any client, with a proof if there is a key. */
async function token(
  { client }: Registered,
  params: Record<string, string>,
  { key, claims = {}, node = stage.first }: { key?: ProofKey; claims?: Record<string, unknown>; node?: Server } = {},
): Promise<TokenAnswer> {
  const { issuer } = stage.first
  const isPublic = params['client_id'] !== undefined
  const own = isPublic ? {} : await assertionParams({ issuer, clientId: client.id, key: client.key })
  const headers = key ? await key.proof({ url: `${issuer}/token` }, { claims }) : {}
  const response = await node.fetch('/token', {
    method: 'POST',
    headers,
    body: new URLSearchParams({ ...own, ...params }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string>, headers: response.headers }
}

const machine = { grant_type: 'client_credentials', resource: API }

test('a machine that sends a proof gets a bound token, one that sends none does not', async () => {
  const client = await anApp(stage, 'machine')
  const key = await proofKey()
  const bound = await token(client, machine, { key })
  expect(bound.body['token_type']).toBe('DPoP')
  expect(decodeJwt(bound.body['access_token'] as string)).toMatchObject({ cnf: { jkt: key.jkt } })
  const told = await client.app.call('/introspect', { token: bound.body['access_token'] as string })
  expect(told.body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } })
  expect((await token(client, machine)).body['token_type']).toBe('Bearer')
})

test('a nonce that one server gave is taken by the other, which gives the same', async () => {
  const client = await anApp(stage, 'machine')
  const key = await proofKey()
  const old = { iat: 1 }
  const [first, second] = [
    await token(client, machine, { key, claims: old }),
    await token(client, machine, { key, claims: old, node: stage.second }),
  ]
  await expectRefused(stage, first, { status: 400, error: 'use_dpop_nonce', description: /use a DPoP nonce instead/ })
  const nonce = first.headers.get('dpop-nonce') as string
  expect(second.headers.get('dpop-nonce')).toBe(nonce)
  expect((await token(client, machine, { key, claims: { ...old, nonce }, node: stage.second })).status).toBe(200)
})

describe('dpop_bound_access_tokens', () => {
  test.each(['web', 'spa', 'native', 'machine'] as const)(
    'of a %s client: no token without a proof',
    async (profile) => {
      const registered = await anApp(stage, profile, {
        dpop_bound_access_tokens: true,
        ...(profile === 'native' ? { redirect_uris: ['https://app.example.com/callback'] } : {}),
      })
      const isPublic = profile === 'spa' || profile === 'native'
      const params = profile === 'machine' ? machine : await codeParams(registered, isPublic)
      await expectRefused(stage, await token(registered, params), {
        status: 400,
        error: 'invalid_grant',
        description: 'DPoP proof JWT not provided',
      })
      const { status, body } = await token(registered, params, { key: await proofKey() })
      expect([status, body['token_type']]).toEqual([200, 'DPoP'])
    },
  )
})

/** Signs a person in, and returns the parameters of the token request. */
async function codeParams(
  { app, client }: Registered,
  isPublic: boolean,
  also: Record<string, string> = {},
): Promise<Record<string, string>> {
  const { browser, who } = await somebody(stage)
  const { code, verifier } = await app.code(browser, who, { ...EVERYTHING, ...also })
  return {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: app.redirectUri,
    ...(isPublic ? { client_id: client.id } : {}),
  }
}

describe('dpop_jkt', () => {
  test('at the authorization endpoint binds the code of a browser app to its key', async () => {
    const spa = await anApp(stage, 'spa')
    const [key, other] = [await proofKey(), await proofKey()]
    const params = await codeParams(spa, true, { dpop_jkt: key.jkt })
    await expectRefused(stage, await token(spa, params), {
      status: 400,
      error: 'invalid_grant',
      description: 'missing DPoP proof JWT',
    })
    await expectRefused(stage, await token(spa, params, { key: other }), {
      status: 400,
      error: 'invalid_grant',
      description: /does not match dpop_jkt/,
    })
    const { body } = await token(spa, params, { key })
    expect(decodeJwt(body['access_token'] as string)).toMatchObject({ cnf: { jkt: key.jkt } })
    // RFC 9449 §5: the refresh token of a public client is bound to the key as well
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: body['refresh_token'] as string,
      client_id: spa.client.id,
    }
    await expectRefused(stage, await token(spa, refresh, { key: other }), {
      status: 400,
      error: 'invalid_grant',
      description: 'failed jkt verification',
    })
    expect((await token(spa, refresh, { key, node: stage.second })).body['token_type']).toBe('DPoP')
  })

  test('that is no thumbprint is refused at both endpoints', async () => {
    const { app } = await anApp(stage, 'web')
    const sentence = 'dpop_jkt is not the SHA-256 thumbprint of a key: 43 characters of base64url'
    const begun = app.begin({ dpop_jkt: 'short' })
    const { location, headers } = await firstAnswer(stage.first, begun.url)
    expect(answerOf(new URL(location as string))).toMatchObject({
      error: 'invalid_request',
      error_description: sentence,
    })
    expect(await stage.admin.eventOf('authorization.refused', headers)).toMatchObject({ outcome: 'failure' })
    await expectRefused(stage, await app.push(begun.params), {
      status: 400,
      error: 'invalid_request',
      description: sentence,
      event: 'endpoint.refused',
    })
  })
})
