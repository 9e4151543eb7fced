/** What the FAPI 2.0 Security Profile demands of clients of the `fapi2` profile: registration, assertions, requests. */
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Administrator } from '../support/administrator.ts'
import { createApp, type TokenAnswer } from '../support/app.ts'
import { type Fapi2Client, fapi2Client } from '../support/fapi2-client.ts'
import { firstAnswer } from '../support/first-answer.ts'
import { ALLOWED, CALLBACK, expectRefused as expectToRefuse, type Stage, startStage } from '../support/hazard-world.ts'
import { type Person, person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import type { Server } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

let stage: Stage
let server: Server
let admin: Administrator
let bank: Fapi2Client

beforeAll(async () => {
  stage = await startStage()
  ;({ first: server, admin } = stage)
  bank = await fapi2Client(stage)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

function somebody(): Person {
  return person(() => server)
}

/** The answer is this refusal, and the audit log has it. */
function expectRefused(answer: TokenAnswer, told: [string, string | RegExp], event = 'token.refused'): Promise<void> {
  const [status, error] = told[0].split(' ') as [string, string]
  return expectToRefuse(stage, answer, { status: Number(status), error, description: told[1], event })
}

test('R32, R33, R35, R36, R44, R47: a client that would be weaker is not registered', async () => {
  const weak = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true })
  const n = Buffer.from((await exportJWK(weak.publicKey)).n as string, 'base64url')
  const short = { kty: 'RSA', e: 'AQAB', n: n.subarray(0, 128).toString('base64url') }
  for (const [field, also] of [
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'none' }],
    ['token_endpoint_auth_method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['dpop_bound_access_tokens', { dpop_bound_access_tokens: false }],
    ['require_pushed_authorization_requests', { require_pushed_authorization_requests: false }],
    ['token_endpoint_auth_signing_alg', { token_endpoint_auth_signing_alg: 'RS256' }],
    ['id_token_signed_response_alg', { id_token_signed_response_alg: 'RS256' }],
    ['signet_pkce', { signet_pkce: 'optional' }],
    ['signet_assertion_audience', { signet_assertion_audience: 'token_endpoint' }],
    ['jwks', { jwks: { keys: [{ ...short, kid: 'k' }] } }],
    ['jwks', { jwks: { keys: [{ kty: 'EC', crv: 'P-192', x: 'AAAA', y: 'AAAA', kid: 'k' }] } }],
    ['response_types', { response_types: ['code id_token'] }],
  ] as const) {
    await expect(admin.client('fapi2', { ...ALLOWED, ...also })).rejects.toThrow(new RegExp(`400 .*"field":"${field}`))
  }
})

describe('assertions', () => {
  test('R34: name the issuer as their audience, as a string', async () => {
    for (const aud of [
      [server.issuer],
      `${server.issuer}/token`,
      `${server.issuer}/par`,
      `${server.issuer}/`,
      [server.issuer, 'https://evil.example'],
    ]) {
      const sentence = /^client assertion: aud is .*; it must be the issuer http:\S+, as the only value$/
      await expectRefused(
        await bank.send('/par', bank.request().params, { claims: { aud } }),
        ['401 invalid_client', sentence],
        'endpoint.refused',
      )
    }
    expect((await bank.send('/par', bank.request().params)).status).toBe(201)
  })

  test('R43: may be a few seconds early, and neither a minute early nor long-lived', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const claims of [{ iat: now + 10 }, { nbf: now + 10 }, { iat: now, nbf: now - 5, exp: now + 300 }]) {
      expect((await bank.send('/par', bank.request().params, { claims })).status).toBe(201)
    }
    for (const [claims, sentence] of [
      [{ iat: now + 90, exp: now + 120 }, /iat is \d+ s ahead/],
      [{ iat: undefined }, /iat is required/],
      [{ nbf: now + 90 }, /nbf is \d+ s ahead/],
      [{ exp: now + 302 }, /it lives \d+ s from iat to exp; at most 300 s are allowed$/],
    ] as const) {
      const answer = await bank.send('/par', bank.request().params, { claims })
      await expectRefused(answer, ['401 invalid_client', sentence], 'endpoint.refused')
    }
  })

  test('R44: are signed by PS256, ES256 or EdDSA, though the key could do RS256', async () => {
    const pair = await generateKeyPair('PS256', { extractable: true })
    const keys = [{ ...(await exportJWK(pair.publicKey)), kid: 'r', use: 'sig' }]
    const rsa = await admin.client('fapi2', { ...ALLOWED, jwks: { keys } })
    const key = { ...(await exportJWK(pair.privateKey)), kid: 'r' }
    const push = (alg: string) =>
      createApp(server, { ...rsa, key: { ...key, alg } }, CALLBACK).push({
        ...bank.request().params,
        client_id: rsa.id,
      })
    expect((await push('PS256')).status).toBe(201)
    await expectRefused(
      await push('RS256'),
      ['401 invalid_client', /^client (?:assertion: alg is ['"]RS256['"]; it must be|authentication failed)/],
      'endpoint.refused',
    )
  })
})

describe('pushed requests', () => {
  test('R36: are taken from an authenticated client only, and the request is taken in no other way', async () => {
    const { params } = bank.request()
    const bare = await server.fetch('/par', {
      method: 'POST',
      body: new URLSearchParams(params),
    })
    const answer = { status: bare.status, body: (await bare.json()) as Record<string, string>, headers: bare.headers }
    await expectRefused(
      answer,
      ['401 invalid_client', /^client authentication: only client_id was sent, /],
      'endpoint.refused',
    )
    const query = new URLSearchParams(params)
    const { location } = await firstAnswer(server, `/authorize?${query.toString()}`)
    expect(Object.fromEntries(new URL(location as string).searchParams)).toMatchObject({
      error: 'invalid_request',
      error_description: 'Pushed Authorization Request must be used',
      iss: server.issuer,
    })
  })

  test('R37, R38: name their redirect URI and have an S256 challenge', async () => {
    for (const [also, sentence] of [
      [{ redirect_uri: '' }, /redirect_uri/],
      [{ redirect_uri: 'https://bank.example.com/other' }, /redirect_uri/],
      [{ code_challenge: '', code_challenge_method: '' }, /PKCE/],
      [{ code_challenge_method: 'plain' }, /code_challenge_method/],
      [{ code_challenge_method: '' }, /code_challenge_method/],
      [{ response_type: 'code id_token', nonce: 'n' }, /response_type/],
    ] as const) {
      const answer = await bank.send('/par', bank.request(also).params)
      const error = 'response_type' in also ? 'unsupported_response_type' : 'invalid_request'
      await expectRefused(answer, [`400 ${error}`, sentence], 'endpoint.refused')
    }
  })

  test('R40: are good for less than ten minutes, for one answer, and until then as often as a browser asks', async () => {
    const pushed = await bank.send('/par', bank.request().params)
    expect(pushed.status).toBe(201)
    expect(Number(pushed.body['expires_in'])).toBeLessThan(600)
    expect(Number(pushed.body['expires_in'])).toBeGreaterThanOrEqual(30)
    const browser = somebody()
    for (let time = 0; time < 2; time++)
      expect((await browser.visit(bank.addressOf(pushed))).html).toContain('name="password"')
    const left = await browser.authorize(bank.addressOf(pushed), bank.who)
    expect(left.searchParams.get('code')).toMatch(/.+/)
    for (const again of [browser, somebody()]) {
      const { status, left: gone, html } = await again.visit(bank.addressOf(pushed))
      expect([status, gone]).toEqual([400, undefined])
      expect(html).toContain('request_uri is invalid, expired, or was already used')
    }
    // it is this client's alone
    const other = await admin.client('fapi2', ALLOWED)
    const foreign = bank.addressOf(await bank.send('/par', bank.request().params)).replace(bank.client.id, other.id)
    const { status, location } = await firstAnswer(server, foreign)
    expect({ status, location }).toEqual({ status: 400, location: null })
  })

  test('R39, R41: are answered with the issuer, and with a code of a minute although others may live longer', async () => {
    await admin.call('PATCH', '/settings', { lifetimes: { authorization_code_seconds: 600 } })
    const web = await admin.client('web', ALLOWED)
    await createApp(server, web, CALLBACK).code(somebody(), bank.who)
    const { left } = await bank.code(somebody())
    await admin.call('PATCH', '/settings', { lifetimes: { authorization_code_seconds: null } })
    expect(left.searchParams.get('iss')).toBe(server.issuer)
    expect(left.searchParams.get('state')).toBe('st')
    const lifetimeOf = async (id: string) => {
      const rows = await asSuperuser(
        (db) =>
          db.query<{ seconds: string }>(
            `SELECT extract(epoch FROM expires_at - created_at) AS seconds FROM artefacts
             WHERE kind = 'AuthorizationCode' AND client_id = $1 ORDER BY created_at DESC LIMIT 1`,
            [id],
          ),
        server.databaseUrl,
      )
      return Math.round(Number(rows.rows[0]?.seconds))
    }
    expect([await lifetimeOf(bank.client.id), await lifetimeOf(web.id)]).toEqual([60, 600])
  })
})
