import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createHealth, type Health } from '#observability/health.ts'
import { createLogger } from '#observability/logger.ts'
import { createManagementServer } from '#observability/management-server.ts'
import { createMetrics } from '#observability/metrics.ts'
import { systemClock } from '#shared/clock.ts'
import { atEnd } from '../support/endings.ts'
import { atMost } from '../support/time-limits.ts'

const now = () => Promise.resolve(new Date())

function health(databaseNow: () => Promise<Date> = now): Health {
  return createHealth({ databaseNow, clock: systemClock })
}

function started(databaseNow?: () => Promise<Date>): Health {
  const one = health(databaseNow)
  one.markStarted()
  return one
}

async function serve(one: Health, routes = {}) {
  const metrics = createMetrics()
  const logger = createLogger({ level: 'silent', format: 'json' }, new Writable())
  const server = createManagementServer({ health: one, metrics, logger, routes })
  const port = await server.listen({ host: '127.0.0.1', port: 0 })
  atEnd(async () => {
    metrics.close()
    await server.close()
  })
  return async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
}

describe('readiness', () => {
  test('comes with the start and goes with the drain', async () => {
    const one = health()
    one.waitingFor('the schema is older than this release: run signet migrate up')
    expect(await one.ready()).toEqual({ ok: false, reason: expect.stringContaining('migrate up') as string })
    expect(one.started().ok).toBe(false)
    one.markStarted()
    expect(await one.ready()).toEqual({ ok: true, reason: 'ready' })
    expect(one.started().ok).toBe(true)
    one.markDraining()
    expect(await one.ready()).toEqual({ ok: false, reason: 'the server is shutting down' })
    expect(one.live().ok).toBe(true)
  })

  test('ends when the database refuses', async () => {
    const one = started(() => Promise.reject(new Error('ECONNREFUSED')))
    expect(await one.ready()).toEqual({ ok: false, reason: 'the database does not answer: ECONNREFUSED' })
  })

  test('ends within two seconds when the database hangs, and comes back with it', async () => {
    let hangs = true
    const one = started(() => (hangs ? new Promise(() => undefined) : now()))
    const start = performance.now()
    expect(await one.ready()).toEqual({ ok: false, reason: 'the database does not answer: no answer within 1.5 s' })
    expect(performance.now() - start).toBeLessThan(atMost(2000))
    hangs = false
    expect((await one.ready()).ok).toBe(true)
  })

  test('asks the database once for probes that come together', async () => {
    let asked = 0
    const one = started(() => {
      asked += 1
      return now()
    })
    await Promise.all(Array.from({ length: 20 }, () => one.ready()))
    expect(asked).toBe(1)
  })

  test.each([
    [14_000, true],
    [-14_000, true],
    [16_000, false],
    [-3_600_000, false],
  ])('with a clock that differs by %i ms is %s', async (skewMs, ok) => {
    const one = started(() => Promise.resolve(new Date(Date.now() + skewMs)))
    const probe = await one.ready()
    expect(probe.ok).toBe(ok)
    if (!ok) expect(probe.reason).toContain(`${Math.abs(skewMs) / 1000} s; at most 15 s is allowed`)
  })
})

describe('the management port', () => {
  test('answers the probes with 200 or 503 and a reason', async () => {
    const one = health()
    const get = await serve(one)
    expect(await get('/health/live')).toMatchObject({ status: 200 })
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      text: '{"status":"unavailable","reason":"the server is starting"}',
    })
    expect(await get('/health/started')).toMatchObject({ status: 503 })
    one.markStarted()
    expect(await get('/health/ready?verbose')).toMatchObject({ status: 200, text: '{"status":"ok","reason":"ready"}' })
    expect(await get('/health/started')).toMatchObject({ status: 200 })
  })

  test('serves Prometheus text', async () => {
    const get = await serve(started())
    const answer = await get('/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(answer.text).toContain('# TYPE signet_http_requests_total counter')
  })

  test('knows no other path and no other method', async () => {
    const get = await serve(started(), { '/extra': (_: unknown, res: { end(text: string): void }) => res.end('extra') })
    expect((await get('/')).status).toBe(404)
    expect((await get('/constructor')).status).toBe(404)
    expect((await get('/metrics', 'POST')).status).toBe(405)
    expect((await get('/extra')).text).toBe('extra')
  })
})
