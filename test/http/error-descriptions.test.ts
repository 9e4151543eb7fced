import type { Middleware } from 'koa'
import { describe, expect, test } from 'vitest'
import { asErrorDescription } from '#http/error-descriptions.ts'
import { AppError } from '#shared/app-error.ts'
import { rawRequest, startLoopback } from './loopback.ts'

/** RFC 6749 §5.2. */
const ALLOWED = /^[\x20-\x21\x23-\x5B\x5D-\x7E]{1,500}$/
const GIVEN = `the scope "a\\b" – ‘ä’…\n${'x'.repeat(3000)}`
const FILTERED = `the scope 'a/b' - '?'... ${'x'.repeat(472)}...`

class Refused extends AppError {
  override readonly code = 'invalid_request'
  override readonly status = 400
}

async function answerTo(room: Middleware) {
  const server = await startLoopback([room])
  return server.send(rawRequest('/', [`Host: 127.0.0.1:${server.port}`]))
}

test('a description has only characters that OAuth allows, and at most 500', () => {
  expect(asErrorDescription(GIVEN)).toBe(FILTERED)
  expect(FILTERED).toMatch(ALLOWED)
  expect(asErrorDescription('😀 stands for itself once')).toBe('? stands for itself once')
  const whole = 'a sentence with [brackets], <angles> & 100%!'.padEnd(500, '.')
  expect(asErrorDescription(whole)).toBe(whole)
})

describe('the filter reaches', () => {
  test('an error that a room throws', async () => {
    const { body } = await answerTo(() => {
      throw new Refused(GIVEN)
    })
    expect(JSON.parse(body)).toEqual({ error: 'invalid_request', error_description: FILTERED })
  })

  test('a JSON body, and nothing else in it', async () => {
    const { body } = await answerTo((ctx) => {
      ctx.body = { error: 'x', error_description: GIVEN, state: '"ä"' }
    })
    expect(JSON.parse(body)).toEqual({ error: 'x', error_description: FILTERED, state: '"ä"' })
  })

  test.each(['?', '#'])('a redirect whose parameters follow %s, and nothing else in it', async (separator) => {
    const { headers } = await answerTo((ctx) => {
      const parameters = new URLSearchParams({ state: '"ä" b', error_description: GIVEN, iss: 'https://x.example' })
      ctx.redirect(`https://app.example/${separator}${parameters.toString()}`)
    })
    const { search, hash } = new URL(headers['location'] ?? '')
    expect(Object.fromEntries(new URLSearchParams((search || hash).slice(1)))).toEqual({
      state: '"ä" b',
      error_description: FILTERED,
      iss: 'https://x.example',
    })
  })

  test('every challenge', async () => {
    const { text } = await answerTo((ctx) => {
      ctx.status = 401
      ctx.body = ''
      const quoted = GIVEN.replace('\n', ' ')
        .replaceAll(/[^\x20-\xff]/g, '?')
        .replaceAll(/["\\]/g, String.raw`\$&`)
      ctx.set('WWW-Authenticate', [
        `Bearer realm="a \\"b\\"", error_description="${quoted}", scope="x"`,
        `DPoP error_description="a \\"b\\"", algs="ES256"`,
      ])
    })
    const challenges = text.split('\r\n').filter((line) => line.startsWith('WWW-Authenticate'))
    expect(challenges[0]).toMatch(
      /^WWW-Authenticate: Bearer realm="a \\"b\\"", error_description="the scope 'a\/b' .{473,485}\.\.\.", scope="x"$/,
    )
    expect(challenges[1]).toBe(`WWW-Authenticate: DPoP error_description="a 'b'", algs="ES256"`)
  })
})
