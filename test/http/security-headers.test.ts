import { describe, expect, test } from 'vitest'
import { allowContent } from '#http/security-headers.ts'
import { rawRequest, startLoopback } from './loopback.ts'

const STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

describe('security headers', () => {
  test('are on every answer, refusals included', async () => {
    const server = await startLoopback([(ctx) => void (ctx.path === '/' && (ctx.body = 'ok'))])
    const host = `Host: 127.0.0.1:${server.port}`
    const answers = [
      await server.send(rawRequest('/', [host])),
      await server.send(rawRequest('/nowhere', [host])),
      await server.send(rawRequest('/%zz', [host])),
      await server.send(rawRequest('/', ['Host: evil.example'])),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 400, 421])
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'content-security-policy': STRICT,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'cross-origin-resource-policy': 'same-origin',
      })
      // The name of the software and its version are nobody's business.
      expect(headers).not.toHaveProperty('x-powered-by')
    }
  })

  test.each(['https://x;script-src', 'https://x,y', 'https://x script-src'])(
    'never take a source that holds a separator: %s',
    (source) => {
      const ctx = { set: () => expect.unreachable() } as unknown as Parameters<typeof allowContent>[0]
      expect(() => allowContent(ctx, { 'form-action': [source] })).toThrow(TypeError)
    },
  )

  test('demand https only where the issuer speaks it', async () => {
    const plain = await startLoopback([])
    const secure = await startLoopback([], { issuer: 'https://auth.example.test' })
    expect((await plain.send(rawRequest('/', ['Host: x']))).headers).not.toHaveProperty('strict-transport-security')
    expect((await secure.send(rawRequest('/', ['Host: x']))).headers['strict-transport-security']).toBe(
      'max-age=31536000',
    )
  })

  test('let a page open what it needs and nothing else', async () => {
    const server = await startLoopback([
      (ctx) => {
        allowContent(ctx, { 'style-src': ["'self'"], 'form-action': ["'self'", 'https://shop.example'] })
        ctx.body = 'ok'
      },
    ])
    const answer = await server.send(rawRequest('/', [`Host: 127.0.0.1:${server.port}`]))
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; base-uri 'none'; form-action 'self' https://shop.example; frame-ancestors 'none'; style-src 'self'",
    )
  })
})
