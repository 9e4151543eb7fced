import type { Context, Middleware } from 'koa'
import { describe, expect, test } from 'vitest'
import { problemErrors } from '#http/problem.ts'
import { createLogger } from '#observability/logger.ts'
import { AppError } from '#shared/app-error.ts'
import { LogSink, rawRequest, startLoopback, type Loopback } from './loopback.ts'

class Unavailable extends AppError {
  override readonly code = 'database_unavailable'
  override readonly status = 503
}

class Faulty extends AppError {
  override readonly code = 'invalid_client_metadata'
  override readonly status = 400
}

function throwing(error: unknown): Middleware {
  return () => {
    throw error
  }
}

function page(ctx: Context, failure: { status: number; description: string; requestId: string }): void {
  ctx.type = 'html'
  ctx.body = `<p>${failure.status} ${failure.description} ${failure.requestId}</p>`
}

async function get(server: Loopback, path: string, headers: readonly string[] = []) {
  return server.send(rawRequest(path, [`Host: 127.0.0.1:${server.port}`, ...headers]))
}

describe('the error handler', () => {
  test('answers 503 with Retry-After and the protocol’s word when the database is away', async () => {
    const server = await startLoopback([throwing(new Unavailable('The database cannot answer at the moment.'))])
    const answer = await get(server, '/token')
    expect(answer.status).toBe(503)
    expect(answer.headers).toMatchObject({ 'retry-after': '2', 'cache-control': 'no-store' })
    expect(JSON.parse(answer.body)).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'The database cannot answer at the moment.',
    })
  })

  test('logs an unreachable database once a second at most', async () => {
    const server = await startLoopback([throwing(new Unavailable('away'))])
    for (let count = 0; count < 5; count += 1) await get(server, '/token')
    expect(server.lines().filter((line) => line['msg'] === 'the server could not answer')).toHaveLength(1)
  })

  test('answers with a page where the caller asks for HTML, and with JSON otherwise', async () => {
    const server = await startLoopback([throwing(new Faulty('A sentence.'))], { errorPage: page })
    const browser = await get(server, '/', ['Accept: text/html,application/xhtml+xml,*/*;q=0.8'])
    expect(browser).toMatchObject({ status: 400, body: `<p>400 A sentence. ${browser.headers['x-request-id']}</p>` })
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      const program = await get(server, '/', [`Accept: ${accept}`])
      expect(JSON.parse(program.body)).toEqual({
        error: 'invalid_client_metadata',
        error_description: 'A sentence.',
      })
    }
  })

  test('answers with JSON when the page itself cannot be rendered', async () => {
    const broken = () => {
      throw new Error('no template')
    }
    const server = await startLoopback([throwing(new Faulty('A sentence.'))], { errorPage: broken })
    const answer = await get(server, '/', ['Accept: text/html'])
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toMatchObject({ error_description: 'A sentence.' })
  })

  test('gives an address that nobody serves a sentence', async () => {
    const server = await startLoopback([])
    const answer = await get(server, '/nowhere')
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.body)).toEqual({
      error: 'not_found',
      error_description: 'There is nothing at this address.',
    })
  })

  test('never tells what an unknown error says, whatever it throws', async () => {
    const errors = [new TypeError('secret detail'), 'secret detail', { message: 'secret detail' }, null, undefined]
    for (const error of errors) {
      const server = await startLoopback([throwing(error)], { errorPage: page })
      const answer = await get(server, '/', ['Accept: text/html'])
      expect(answer.status).toBe(500)
      expect(answer.text).not.toContain('secret detail')
    }
  })

  test('does not hand on the headers of an answer that failed', async () => {
    const server = await startLoopback([
      (ctx) => {
        ctx.redirect('https://evil.example/')
        ctx.set('ETag', '"1"')
        throw new Faulty('A sentence.')
      },
    ])
    const answer = await get(server, '/')
    expect(answer.headers).not.toHaveProperty('location')
    expect(answer.headers).not.toHaveProperty('etag')
  })
})

describe('problems', () => {
  const issuer = 'https://auth.example.test'

  async function problemServer(error: unknown) {
    const logger = createLogger({ level: 'info', format: 'json' }, new LogSink())
    return startLoopback([problemErrors({ logger, issuer }), throwing(error)])
  }

  test('carry type, title, status, detail, code, request id and every fault', async () => {
    const faults = [
      { field: 'redirect_uris[0]', given: 'javascript:alert(1)', expected: 'an absolute https URL' },
      { field: 'name', given: undefined, expected: 'a text' },
    ]
    const server = await problemServer(new Faulty('Two members are wrong.', { faults }))
    const answer = await get(server, '/')
    expect(answer.status).toBe(400)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(answer.body)).toEqual({
      type: 'https://auth.example.test/docs/errors/invalid_client_metadata',
      title: 'The request has faults',
      status: 400,
      detail: 'Two members are wrong.',
      code: 'invalid_client_metadata',
      request_id: answer.headers['x-request-id'],
      errors: [
        { field: 'redirect_uris[0]', given: 'javascript:alert(1)', expected: 'an absolute https URL' },
        { field: 'name', given: null, expected: 'a text' },
      ],
    })
  })

  test('never give back a secret that was sent, nor a novel', async () => {
    const faults = [
      { field: 'password', given: 'hunter2hunter2', expected: 'at least 15 characters' },
      { field: 'jwks.keys[0]', given: { kty: 'EC', crv: 'P-256', d: 'PRIVATE' }, expected: 'a public key' },
      { field: 'name', given: 'x'.repeat(5000), expected: 'at most 200 characters' },
    ]
    const answer = await get(await problemServer(new Faulty('Wrong.', { faults })), '/')
    expect(answer.body).not.toContain('hunter2')
    expect(answer.body).not.toContain('PRIVATE')
    expect(answer.body.length).toBeLessThan(1500)
  })

  test('are what the front says below the paths named so', async () => {
    const takePathOff: Middleware = (ctx, next) => {
      ctx.path = ctx.path.replace('/base', '')
      return next()
    }
    const server = await startLoopback([takePathOff], { problemPaths: ['/base/admin/'] })
    const answer = await get(server, '/base/admin/v1/nothing')
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(answer.body)).toMatchObject({ status: 404, code: 'not_found' })
  })
})
