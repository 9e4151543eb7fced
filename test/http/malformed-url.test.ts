import { beforeAll, describe, expect, test } from 'vitest'
import { sendRaw, startLoopback, type Loopback } from './loopback.ts'

let server: Loopback

beforeAll(async () => {
  server = await startLoopback([(ctx) => void (ctx.body = 'reached')])
})

function get(target: Buffer) {
  const head = Buffer.concat([
    Buffer.from('GET '),
    target,
    Buffer.from(` HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`),
  ])
  return sendRaw(server.port, head)
}

describe('a malformed URL', () => {
  test.each(['/%', '/%zz', '/a?b=%', '/a?b=%4', '/a?%ff=1', '/a?b=%c3%28', '/%00', '/a?b=x%00', '/a?b=%ed%a0%80'])(
    '%s is 400 with a sentence',
    async (target) => {
      const answer = await get(Buffer.from(target))
      expect(answer.status).toBe(400)
      expect(JSON.parse(answer.body)).toEqual({
        error: 'invalid_request',
        error_description: 'The URL is malformed: its percent-encoding must be valid UTF-8, without NUL.',
      })
    },
  )

  test.each([
    ['raw UTF-8', Buffer.from('/ü')],
    ['raw bytes', Buffer.from([0x2f, 0xff])],
    ['a control character', Buffer.from([0x2f, 0x01])],
  ])('with %s is 400', async (_, target) => {
    expect((await get(target)).status).toBe(400)
  })

  test.each(['/', '/a?b=%C3%BC&c=%26+', '/%2e%2e/x', '/a?b=%F0%9F%98%80', '/a?redirect=http%3A%2F%2Fx'])(
    'is not %s',
    async (target) => {
      expect(await get(Buffer.from(target))).toMatchObject({ status: 200, body: 'reached' })
    },
  )
})
