/** Faults in an API's own code, whatever it throws: each fails one request, which is not let in; the process lives on. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requireAccessToken as onExpress } from '#resource-server/express.ts'
import { requireAccessToken as onFastify } from '#resource-server/fastify.ts'
import { type ProtectedHandler, requireAccessToken } from '#resource-server/http.ts'
import { requireAccessToken as onKoa } from '#resource-server/koa.ts'
import { aSigningPair, anAccessToken, audience, publicKeys } from './test-issuer.ts'

const issuer = 'https://id.example.com'
const pair = await aSigningPair('a')
const bearer = { authorization: `Bearer ${await anAccessToken(issuer, pair)}` }
const stops: (() => void)[] = []
let warnings: Error[]
let unhandled: unknown[]
const noteWarning = (warning: Error) => warnings.push(warning)
const noteUnhandled = (reason: unknown) => unhandled.push(reason)

beforeEach(() => {
  warnings = []
  unhandled = []
  process.on('warning', noteWarning)
  process.on('unhandledRejection', noteUnhandled)
})

afterEach(() => {
  for (const stop of stops.splice(0)) stop()
  process.off('warning', noteWarning)
  process.off('unhandledRejection', noteUnhandled)
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const get = (url: string) => fetch(url, { headers: bearer, signal: AbortSignal.timeout(2000) })

const thrown = [undefined, null, 'route', 7, { code: 'ECONNREFUSED' }, Object.create(null) as object]

/** Options of an API that cannot get its keys, for a reason that may not be an Error. */
const keyless = (reason: unknown) => ({
  issuer,
  audience,
  keys: () => Promise.reject(reason),
})

describe.each(thrown.map((reason) => ({ reason })))('a check of the API that rejects with $reason', ({ reason }) => {
  test('is a 500 and a warning on node:http', async () => {
    const url = await serve(requireAccessToken(keyless(reason), (_request, response) => response.end('let in')))
    const answer = await get(url)
    expect([answer.status, await answer.text()]).toEqual([500, ''])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect([warnings.length, unhandled]).toEqual([1, []])
  })

  test('is a 500 on Express, Koa and Fastify', async () => {
    const app = express().set('env', 'test')
    app.use(onExpress(keyless(reason)))
    app.use((_request, response) => void response.end('let in'))
    const koa = new Koa()
    koa.silent = true
    koa.use(onKoa(keyless(reason)))
    koa.use((context) => void (context.body = 'let in'))
    const hooked = fastify()
    hooked.get('/', { onRequest: onFastify(keyless(reason)) }, async () => 'let in')
    await hooked.ready()
    for (const listener of [app, koa.callback(), hooked.routing]) {
      const answer = await get(await serve(listener))
      expect(answer.status).toBe(500)
      expect(await answer.text()).not.toBe('let in')
    }
    expect(unhandled).toEqual([])
  })
})

describe('a handler on node:http', () => {
  const api = (handler: ProtectedHandler) =>
    serve(requireAccessToken({ issuer, audience, keys: publicKeys([pair]) }, handler))

  test('that throws or rejects is a 500 without the headers of the answer that failed', async () => {
    const bug = new TypeError('a bug')
    const rejecting = await api(async (_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      throw bug
    })
    const throwing = await api(() => {
      throw bug
    })
    for (const url of [rejecting, throwing]) {
      const answer = await get(url)
      expect([answer.status, await answer.text()]).toEqual([500, ''])
      expect(answer.headers.get('content-encoding')).toBeNull()
    }
    expect([warnings, unhandled]).toEqual([[bug, bug], []])
  })

  test('that fails in the middle of an answer cuts it off', async () => {
    const url = await api(async (_request, response) => {
      response.write('half')
      throw new TypeError('a bug')
    })
    await expect(get(url).then((answer) => answer.text())).rejects.toThrow()
    expect([warnings.length, unhandled]).toEqual([1, []])
  })

  test('that fails after its answer leaves it whole', async () => {
    const whole = 'x'.repeat(1_000_000)
    const url = await api(async (_request, response) => {
      response.end(whole)
      throw new TypeError('a bug')
    })
    expect(await (await get(url)).text()).toBe(whole)
    expect([warnings.length, unhandled]).toEqual([1, []])
  })
})

test('a check on Express does not reject if the request was answered meanwhile, for example by a timeout', async () => {
  const check = onExpress({ issuer, audience, keys: publicKeys([pair]) })
  const errors: unknown[] = []
  const url = await serve((request, response) => {
    response.end('too late')
    // As Express 4, which ignores the promise.
    void check(request, Object.assign(response, { locals: {} }), (error) => errors.push(error))
  })
  expect(await (await fetch(url)).text()).toBe('too late')
  expect(errors).toEqual([expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' })])
  expect(unhandled).toEqual([])
})
