/** Forged and malformed JOSE at the token endpoint: refused without a word about why, quickly, and never with a 5xx. */
import { createHmac, randomUUID } from 'node:crypto'
import { decodeJwt, exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { ASSERTION_TYPE, signAssertion } from '../support/assertion.ts'
import { type Server, startServer } from '../support/server.ts'
import { atMost } from '../support/time-limits.ts'
import { faultsOf } from '../support/server-faults.ts'

const API = 'https://api.example.com'
let server: Server
let admin: Administrator
let machine: RegisteredClient

/** What everybody is told who does not hold a key of a client: who it is, and that it is wrong, look the same. */
const UNAUTHENTICATED = { error: 'invalid_client', error_description: 'client authentication failed' }

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  machine = await admin.client('machine', { signet_allow: [{ resource: API, scopes: ['posts:read'] }] })
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

async function ask(params: Record<string, string>) {
  const response = await server.fetch('/token', { method: 'POST', body: new URLSearchParams(params) })
  const requestId = response.headers.get('x-request-id') as string
  return { status: response.status, body: (await response.json()) as Record<string, string>, requestId }
}

function byAssertion(assertion: string, params: Record<string, string> = {}) {
  return {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    ...params,
  }
}

function sign(input: { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: JWK } = {}) {
  return signAssertion({ issuer: server.issuer, clientId: machine.id, key: machine.key, ...input })
}

describe('a forged or malformed assertion tells its sender nothing', () => {
  const b64 = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
  const claims = () => {
    const now = Math.floor(Date.now() / 1000)
    return { iss: machine.id, sub: machine.id, aud: server.issuer, iat: now, exp: now + 60, jti: randomUUID() }
  }

  test('signed with another key, by another algorithm or not at all it looks like an unknown client', async () => {
    const stranger = {
      ...(await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)),
      alg: 'ES256',
      kid: 'k1',
    }
    const [head = '', body = '', signature = ''] = (await sign()).split('.')
    const hmac = (header: object) => {
      const input = `${b64(header)}.${b64(claims())}`
      return `${input}.${createHmac('sha256', JSON.stringify(machine.key)).update(input).digest('base64url')}`
    }
    const forged: Record<string, string> = {
      'another key': await sign({ key: stranger }),
      'an unknown client': await sign({ claims: { iss: 'nobody', sub: 'nobody' } }),
      'an unknown key id': await sign({ header: { kid: 'k2' } }),
      'alg none': `${b64({ alg: 'none' })}.${b64(claims())}.`,
      'alg NoNe': `${b64({ alg: 'NoNe' })}.${b64(claims())}.${signature}`,
      'HS256 with the public key': hmac({ alg: 'HS256' }),
      'a changed claim': `${head}.${b64({ ...claims(), exp: 4_102_444_800 })}.${signature}`,
      'a zero signature': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
      'a short signature': `${head}.${body}.AA`,
      'an unknown critical header': await sign({ header: { crit: ['x'], x: 1 } }).catch(
        () => `${b64({ alg: 'ES256', crit: ['x'], x: 1 })}.${body}.${signature}`,
      ),
      'a key in its header': await sign({
        key: stranger,
        header: { jwk: { kty: stranger.kty, crv: stranger.crv, x: stranger.x, y: stranger.y } },
      }),
    }
    for (const [name, assertion] of Object.entries(forged)) {
      const answer = await ask(byAssertion(assertion, { client_id: decodeSub(assertion) ?? machine.id }))
      expect({ name, status: answer.status, body: answer.body }).toEqual({ name, status: 401, body: UNAUTHENTICATED })
      const refused = await admin.audit('token.refused')
      expect(refused.find((event) => event['request_id'] === answer.requestId)).toMatchObject({ outcome: 'failure' })
    }
  })

  test.each([
    '',
    '.',
    '..',
    '...',
    'x',
    'x.y.z',
    'e30.e30.',
    'e30.e30.AA',
    'bnVsbA.bnVsbA.AA',
    'W10.W10.AA',
    `${'A'.repeat(50_000)}.e30.AA`,
    'eyJhbGciOiJFUzI1NiJ9..AA',
    'eyJhbGciOiJFUzI1NiJ9.bnVsbA.AA',
    'eyJhbGciOiJFUzI1NiJ9.IngiCg.AA',
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOm51bGx9.AA',
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOnt9LCJzdWIiOltdfQ.AA',
    'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00iLCJ6aXAiOiJERUYifQ.AA.AA.AA.AA',
    'eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJwMmMiOjIxNDc0ODM2NDcsImVuYyI6IkExMjhHQ00ifQ.AA.AA.AA.AA',
    '\u0000.\u0000.\u0000',
    'ü.ö.ä',
    '{"payload":"e30","signatures":[]}',
  ])('malformed in way %# it is refused quickly, and never with a 5xx', async (assertion) => {
    for (const client_id of [undefined, machine.id]) {
      const start = performance.now()
      const answer = await ask(byAssertion(assertion, client_id === undefined ? {} : { client_id }))
      expect(performance.now() - start).toBeLessThan(atMost(2000))
      expect([400, 401]).toContain(answer.status)
      expect(['invalid_request', 'invalid_client']).toContain(answer.body['error'])
      expect(answer.body['error_description']).toMatch(/\w+ \w+/)
    }
  })

  test('mutations of a good one are refused, whatever byte is changed', async () => {
    const good = await sign()
    for (let position = 0; position < good.length; position += 7) {
      const changed = good.slice(0, position) + (good[position] === 'A' ? 'B' : 'A') + good.slice(position + 1)
      const answer = await ask(byAssertion(changed, { client_id: machine.id }))
      // The last characters of a part may hold unused bits: then it is the same assertion, spent once.
      if (answer.status !== 200) expect([400, 401]).toContain(answer.status)
      else
        expect(Buffer.from(changed.split('.')[2] as string, 'base64url')).toEqual(
          Buffer.from(good.split('.')[2] as string, 'base64url'),
        )
    }
  })
})

function decodeSub(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).sub
  } catch {
    return undefined
  }
}
