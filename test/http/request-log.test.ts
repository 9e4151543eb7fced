import Router from '@koa/router'
import type { Context } from 'koa'
import { describe, expect, test } from 'vitest'
import { rawRequest, startLoopback, type Loopback } from './loopback.ts'

const SECRET = 'S3CRET-VALUE'

function rooms() {
  const router = new Router()
  router.get('/things/:id', (ctx) => {
    ctx.body = 'ok'
  })
  router.get('/broken', () => {
    throw new Error('a bug')
  })
  router.post('/token', (ctx) => {
    ctx.state.clientId = 'shop'
    ctx.body = 'ok'
  })
  router.get('/interaction/:uid', (ctx) => {
    ctx.body = 'ok'
  })
  router.get('/named', (ctx) => {
    ctx.state.route = '/named/by/a/room'
    ctx.body = 'ok'
  })
  return [router.routes()] as never
}

async function get(server: Loopback, path: string, headers: readonly string[] = []) {
  return server.send(rawRequest(path, [`Host: 127.0.0.1:${server.port}`, ...headers]))
}

async function onlyRequestLine(server: Loopback): Promise<Record<string, unknown>> {
  await expect.poll(() => server.lines().filter((line) => line['msg'] === 'request')).toHaveLength(1)
  return server.lines().find((line) => line['msg'] === 'request') as Record<string, unknown>
}

describe('the request log', () => {
  test('tells id, method, template, status, duration and client of a request, and nothing else', async () => {
    const server = await startLoopback(rooms())
    const body = `password=${SECRET}`
    const headers = [
      `Host: 127.0.0.1:${server.port}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      `Cookie: session=${SECRET}`,
      `Authorization: Bearer ${SECRET}`,
      `User-Agent: ${SECRET}`,
    ]
    const answer = await server.send(rawRequest(`/token?code=${SECRET}`, headers, body, 'POST'))
    const line = await onlyRequestLine(server)
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-/) as string,
      pid: process.pid,
      request_id: answer.headers['x-request-id'],
      method: 'POST',
      route: '/token',
      status: 200,
      duration_ms: expect.any(Number) as number,
      client_id: 'shop',
      msg: 'request',
    })
    expect(server.logText()).not.toContain(SECRET)
  })

  test.each([
    ['/interaction/Zm9vYmFy?x=1', '/interaction/:uid'],
    ['/things/4711', '/things/:id'],
    ['/named', '/named/by/a/room'],
    [`/nowhere/${SECRET}`, 'other'],
    ['/interaction/a/b', 'other'],
  ])('tells the template of %s: %s', async (path, route) => {
    const server = await startLoopback(rooms())
    await get(server, path)
    expect(await onlyRequestLine(server)).toMatchObject({ route })
    expect(server.logText()).not.toContain(SECRET)
    expect(await server.metricsText()).toContain(`route="${route}"`)
  })

  test('logs a bug once with its stack and the request id that the caller got', async () => {
    const server = await startLoopback(rooms())
    const answer = await get(server, '/broken')
    expect(answer.status).toBe(500)
    expect(JSON.parse(answer.body)).toEqual({
      error: 'server_error',
      error_description: 'Something went wrong on the server. Tell its operator the request id.',
    })
    expect(answer.text).not.toContain('a bug')
    const failures = server.lines().filter((line) => line['level'] === 'error')
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({
      request_id: answer.headers['x-request-id'],
      err: { message: 'a bug', stack: expect.stringContaining('request-log.test.ts') as string },
    })
  })

  test('names each request itself, and logs a well-formed id of the caller beside it', async () => {
    const server = await startLoopback(rooms())
    const first = await get(server, '/things/1', ['X-Request-Id: trace-0123456789'])
    expect(first.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(server.lines().at(-1)).toMatchObject({
      request_id: first.headers['x-request-id'],
      caller_request_id: 'trace-0123456789',
    })
    for (const given of ['short', 'with space inside', 'x'.repeat(65), '{"a":1}12345', '"><script>12']) {
      const answer = await get(server, '/things/1', [`X-Request-Id: ${given}`])
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
      expect(server.lines().at(-1)).not.toHaveProperty('caller_request_id')
    }
  })

  test('writes one escaped line whatever control characters a client id holds', async () => {
    const hostile = 'evil\r\n{"level":"fatal"}\u001b[31m'
    const server = await startLoopback([
      (ctx: Context) => {
        ctx.state.clientId = hostile
        ctx.body = 'ok'
      },
    ])
    await get(server, '/')
    expect(await onlyRequestLine(server)).toMatchObject({ client_id: hostile })
    expect(server.logText().trimEnd().split('\n')).toHaveLength(1)
    expect(server.logText()).not.toContain('\u001b')
  })

  test('counts a caller that left before the answer as aborted', async () => {
    const started = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const server = await startLoopback([
      async (ctx) => {
        started.resolve()
        await finish.promise
        ctx.body = 'late'
      },
    ])
    const controller = new AbortController()
    const request = fetch(server.url, { signal: controller.signal }).catch(() => undefined)
    await started.promise
    controller.abort()
    await request
    expect(await onlyRequestLine(server)).toMatchObject({ status: 'aborted' })
    finish.resolve()
    expect(await server.metricsText()).toContain(
      'signet_http_requests_total{method="GET",route="/",status="aborted"} 1',
    )
  })
})
