/** Requests made to be expensive: each costs the server little, is refused, and delays nobody. */
import { deflateRawSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { rawRequest, sendRaw } from '../http/loopback.ts'
import { ASSERTION_TYPE } from '../support/assertion.ts'
import { anApp, type Registered, type Stage, startProcessStage } from '../support/hazard-world.ts'
import type { ServerProcess } from '../support/server.ts'
import { atMost } from '../support/time-limits.ts'

/** Milliseconds of CPU that one request may cost, measured over several. */
const CPU_MS = 50
const TIMES = 8
let stage: Stage<ServerProcess>
let machine: Registered

beforeAll(async () => {
  stage = await startProcessStage(1)
  machine = await anApp(stage, 'machine')
})

/** CPU time of the process so far, in milliseconds. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${stage.first.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Sends it several times; what each answer was, and that they cost little. */
async function cheaply<T>(send: () => Promise<T>): Promise<T[]> {
  await send()
  const before = cpuMs()
  const answers: T[] = []
  for (let times = 0; times < TIMES; times++) answers.push(await send())
  expect((cpuMs() - before) / TIMES, 'milliseconds of CPU a request').toBeLessThan(atMost(CPU_MS))
  return answers
}

const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A compact JWE whose plaintext would inflate to many times its size. */
const BOMB = deflateRawSync(Buffer.alloc(20 * 1024 * 1024)).toString('base64url')

const JOSE: Record<string, string> = {
  'a head of 50 KB': `${b64({ alg: 'ES256', x: 'x'.repeat(36_000) })}.${b64({ sub: 'x' })}.AA`,
  'a payload of 50 KB of nested arrays': `${b64({ alg: 'ES256' })}.${b64('['.repeat(18_000) + ']'.repeat(18_000))}.AA`,
  'a password-based key of two thousand million rounds': `${b64({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2s: 'AAAA', p2c: 2 ** 31 - 1 })}.AA.AA.AA.AA`,
  'compressed content': `${b64({ alg: 'dir', enc: 'A128GCM', zip: 'DEF' })}..AAAA.${BOMB.slice(0, 30_000)}.AAAA`,
  'ten thousand dots': '.'.repeat(10_000),
  'ten thousand critical headers': `${b64({ alg: 'ES256', crit: Array.from({ length: 5000 }, (_, at) => `x${at}`) })}.${b64({ sub: 'x' })}.AA`,
  'an RSA signature of 40 KB': `${b64({ alg: 'RS256' })}.${b64({ sub: 'x' })}.${'A'.repeat(40_000)}`,
}

describe('V39', () => {
  test.each(Object.keys(JOSE))('V39: an assertion with %s is refused and costs little', async (what) => {
    const answers = await cheaply(() =>
      machine.app.token({
        grant_type: 'client_credentials',
        client_id: machine.client.id,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: JOSE[what] as string,
      }),
    )
    for (const { status, body } of answers) {
      expect([400, 401]).toContain(status)
      expect(['invalid_request', 'invalid_client']).toContain(body['error'])
      expect(body['error_description']).toMatch(/\w+ \w+/)
    }
  })

  test.each(Object.keys(JOSE))('V39: a token with %s is inactive and costs little', async (what) => {
    const answers = await cheaply(() => machine.app.call('/introspect', { token: JOSE[what] as string }))
    for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 200, body: { active: false } })
  })

  test.each(Object.keys(JOSE))('V39: a hint with %s leads nowhere and costs little', async (what) => {
    const query = new URLSearchParams({ id_token_hint: (JOSE[what] as string).slice(0, 12_000) })
    const answers = await cheaply(async () => {
      const response = await stage.first.fetch(`/logout?${query.toString()}`, { redirect: 'manual' })
      await response.text()
      return response.status
    })
    expect(new Set(answers)).toEqual(new Set([200]))
  })

  const list = (part: string, bytes: number) => part.repeat(Math.ceil(bytes / part.length))
  const HEADERS: Record<string, string> = {
    'X-Forwarded-For': list('1.1.1.1, ', 15_000),
    Forwarded: list('for="[::1]";', 15_000),
    'Accept-Language': list('en-US;q=0.1,', 15_000),
    Accept: list('text/html;q=0.1,', 15_000),
    Cookie: list('a=b; ', 15_000),
    'If-None-Match': list('W/"x", ', 15_000),
    'User-Agent': list('(((((', 15_000),
    'Content-Type': list('a/b; c="', 15_000),
    Authorization: `Bearer ${list('a.', 15_000)}`,
  }

  test.each(Object.keys(HEADERS))('V39: 15 KB of %s are read in little time', async (name) => {
    const head = rawRequest(
      '/userinfo',
      [`Host: localhost:${stage.first.port}`, `${name}: ${HEADERS[name]}`],
      '',
      'GET',
    )
    const answers = await cheaply(() => sendRaw(stage.first.port, head))
    for (const { status } of answers) {
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
    }
  })

  test('V39: 64 KB of X-Forwarded-For are not read at all: 431', async () => {
    const lines = [`Host: localhost:${stage.first.port}`, `X-Forwarded-For: ${list('1.1.1.1, ', 65_536)}`]
    const answers = await cheaply(() => sendRaw(stage.first.port, rawRequest('/userinfo', lines, '', 'GET')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([431]))
  })

  test('V39: parameters made for slow patterns are read in little time', async () => {
    const slow = ['a'.repeat(50_000), ' '.repeat(50_000), 'a '.repeat(25_000), '%20'.repeat(15_000), '/'.repeat(50_000)]
    for (const value of slow) {
      const answers = await cheaply(() =>
        machine.app.token({ grant_type: 'client_credentials', scope: value, resource: `https://${value}` }),
      )
      for (const { status, body } of answers) {
        expect([400, 401, 413]).toContain(status)
        expect(body['error_description'] ?? body['error']).toMatch(/\w+/)
      }
    }
  })
})
