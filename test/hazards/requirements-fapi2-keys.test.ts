/** What the FAPI 2.0 Security Profile and RFC 9449 demand of the keys that tokens are bound to. */
import { createHash, randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TokenAnswer } from '../support/app.ts'
import { type Fapi2Client, fapi2Client } from '../support/fapi2-client.ts'
import { API, expectRefused as expectToRefuse, type Stage, startStage } from '../support/hazard-world.ts'
import { type Person, person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { proofKey } from '../support/proof-key.ts'
import type { Server } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

let stage: Stage
let server: Server
let bank: Fapi2Client

beforeAll(async () => {
  stage = await startStage()
  server = stage.first
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

test('R5: without a proof there is no token, and a refusal leaves the code good', async () => {
  const { redeem } = await bank.code(somebody())
  const key = await proofKey()
  await expectRefused(await bank.send('/token', redeem), ['400 invalid_grant', /^DPoP proof JWT not provided$/])
  const { status, body } = await bank.send('/token', redeem, { proof: key })
  expect([status, body['token_type']]).toEqual([200, 'DPoP'])
  expect(decodeJwt(body['access_token'] as string)).toMatchObject({ aud: API, cnf: { jkt: key.jkt } })
  const machine = { grant_type: 'client_credentials', resource: API }
  await expectRefused(await bank.send('/token', machine, { proof: key }), [
    '400 unauthorized_client',
    /client_credentials/,
  ])
})

test('R5: a proof is for one request, at one address, by one method, of now, and used once', async () => {
  const key = await proofKey()
  const { redeem } = await bank.code(somebody())
  const { body } = await bank.send('/token', redeem, { proof: key })
  const refresh = { grant_type: 'refresh_token', refresh_token: body['refresh_token'] as string }
  const url = `${server.issuer}/token`
  const now = Math.floor(Date.now() / 1000)
  for (const [bent, error, sentence] of [
    [{ claims: { htu: `${server.issuer}/par` } }, '400 invalid_dpop_proof', /htu mismatch/],
    [{ claims: { htu: 'http://evil.example/token' } }, '400 invalid_dpop_proof', /htu mismatch/],
    [{ claims: { htm: 'GET' } }, '400 invalid_dpop_proof', /htm mismatch/],
    [{ claims: { iat: now - 3600 } }, '400 use_dpop_nonce', /iat is not recent enough/],
    [{ claims: { iat: now + 3600 } }, '400 use_dpop_nonce', /iat is not recent enough/],
    [{ claims: { jti: undefined } }, '400 invalid_dpop_proof', /jti/],
    [{ claims: { nonce: 'forged' } }, '400 use_dpop_nonce', /nonce/],
    [{ header: { typ: 'JWT' } }, '400 invalid_dpop_proof', /\w+ \w+/],
    [{ header: { jwk: bank.client.key } }, '400 invalid_dpop_proof', /\w+ \w+/],
  ] as const) {
    const bad = { ...key, proof: () => key.proof({ url }, bent) }
    await expectRefused(await bank.send('/token', refresh, { proof: bad }), [error, sentence])
  }
  const once = await key.proof({ url })
  const again = { ...key, proof: async () => once }
  expect((await bank.send('/token', refresh, { proof: again })).status).toBe(200)
  await expectRefused(await bank.send('/token', refresh, { proof: again }), [
    '400 invalid_dpop_proof',
    /^DPoP proof: it was used before/,
  ])
})

test('R5: a proof of a clock that is ahead is remembered for as long as it can be accepted', async () => {
  const key = await proofKey()
  const { redeem } = await bank.code(somebody())
  const url = `${server.issuer}/token`
  const [jti, iat] = [randomUUID(), Math.floor(Date.now() / 1000) + 240]
  const ahead = { ...key, proof: () => key.proof({ url }, { claims: { iat, jti } }) }
  expect((await bank.send('/token', redeem, { proof: ahead })).status).toBe(200)
  const id = createHash('sha256').update(`${bank.client.id}\0${jti}`).digest()
  const { rows } = await asSuperuser(
    (client) =>
      client.query('SELECT extract(epoch FROM expires_at)::int AS until FROM replay_reservations WHERE id = $1', [id]),
    server.databaseUrl,
  )
  expect(rows).toEqual([{ until: expect.any(Number) as number }])
  expect(rows[0].until).toBeGreaterThanOrEqual(iat + 300)
})

test('R5, R35: a bound token is no bearer token, and needs its own key at userinfo too', async () => {
  const [key, other] = [await proofKey(), await proofKey()]
  const { redeem } = await bank.code(somebody(), {}, { scope: 'openid', resource: '' })
  const token = (await bank.send('/token', redeem, { proof: key })).body['access_token'] as string
  const at = { url: `${server.issuer}/userinfo`, method: 'GET', accessToken: token }
  const ask = (headers: Record<string, string>) => server.fetch('/userinfo', { headers })
  expect((await ask({ authorization: `DPoP ${token}`, ...(await key.proof(at)) })).status).toBe(200)
  const { accessToken: _none, ...withoutHash } = at
  for (const headers of [
    { authorization: `Bearer ${token}` },
    { authorization: `Bearer ${token}`, ...(await key.proof(at)) },
    { authorization: `DPoP ${token}` },
    { authorization: `DPoP ${token}`, ...(await other.proof(at)) },
    { authorization: `DPoP ${token}`, ...(await key.proof(withoutHash)) },
  ]) {
    const answer = await ask(headers)
    const { error, error_description: description } = (await answer.json()) as Record<string, string>
    expect([400, 401]).toContain(answer.status)
    expect(error).toMatch(/^invalid_(?:token|request|dpop_proof)$/)
    expect(description).toMatch(/\w+ \w+/)
  }
})

test('R45: a code is bound to the key of its request, however the request named it', async () => {
  const [key, other] = [await proofKey(), await proofKey()]
  for (const { redeem } of [
    await bank.code(somebody(), { proof: key }),
    await bank.code(somebody(), {}, { dpop_jkt: key.jkt }),
  ]) {
    await expectRefused(await bank.send('/token', redeem, { proof: other }), [
      '400 invalid_grant',
      /dpop_jkt|thumbprint|jkt/,
    ])
    expect((await bank.send('/token', redeem, { proof: key })).status).toBe(200)
  }
  const mismatch = await bank.send('/par', bank.request({ dpop_jkt: other.jkt }).params, { proof: key })
  await expectRefused(mismatch, ['400 invalid_request', /does not match dpop_jkt/], 'endpoint.refused')
})
