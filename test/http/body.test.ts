import type { Context } from 'koa'
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_BODY_BYTES, readForm, readJson } from '#http/body.ts'
import { rawRequest, startLoopback, type Loopback } from './loopback.ts'

const FORM = 'application/x-www-form-urlencoded'
let server: Loopback

async function room(ctx: Context): Promise<void> {
  if (ctx.path === '/json') {
    ctx.body = { json: await readJson(ctx) }
    return
  }
  const form = await readForm(ctx)
  ctx.body = { one: form.one('a'), all: form.all('b'), entries: form.entries }
}

beforeAll(async () => {
  server = await startLoopback([room])
})

async function post(path: string, type: string | undefined, body: string | Buffer, further: readonly string[] = []) {
  const headers = [
    `Host: 127.0.0.1:${server.port}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...further,
  ]
  const answer = await server.send(
    Buffer.concat([Buffer.from(rawRequest(path, headers, '', 'POST')), Buffer.from(body)]),
  )
  return { ...answer, json: JSON.parse(answer.body) as Record<string, unknown> }
}

describe('a form body', () => {
  test('is read with all values of a repeated field', async () => {
    const answer = await post('/form', `${FORM}; charset=UTF-8`, 'a=1+2%20%C3%BC&b=x&b=y')
    expect(answer.json).toEqual({
      one: '1 2 ü',
      all: ['x', 'y'],
      entries: [
        ['a', '1 2 ü'],
        ['b', 'x'],
        ['b', 'y'],
      ],
    })
  })

  test.each([
    ['a field sent twice where one is meant', 'a=1&a=2', 'The field a was sent more than once.'],
    [
      'broken percent-encoding',
      'a=%zz',
      'The form is malformed: its percent-encoding must be valid UTF-8, without NUL.',
    ],
    ['cut percent-encoding', 'a=%', 'The form is malformed: its percent-encoding must be valid UTF-8, without NUL.'],
    [
      'encoded invalid UTF-8',
      'a=%ff%fe',
      'The form is malformed: its percent-encoding must be valid UTF-8, without NUL.',
    ],
    ['an encoded NUL', 'a=x%00y', 'The form is malformed: its percent-encoding must be valid UTF-8, without NUL.'],
    ['a NUL', 'a=x\0y', 'The form is malformed: its percent-encoding must be valid UTF-8, without NUL.'],
    ['invalid UTF-8', Buffer.from([0x61, 0x3d, 0xff, 0xfe]), 'The request body is not valid UTF-8.'],
    ['a thousand and one fields', 'c=1&'.repeat(1001), 'The form has too many fields: at most 1000.'],
  ])('is refused with 400 for %s', async (_, body, sentence) => {
    const answer = await post('/form', FORM, body)
    expect(answer.status).toBe(400)
    expect(answer.json).toEqual({ error: 'invalid_request', error_description: sentence })
  })

  test.each([
    ['JSON', 'application/json', []],
    ['plain text', 'text/plain', []],
    ['multipart', 'multipart/form-data; boundary=x', []],
    ['no type at all', undefined, []],
    ['another character set', `${FORM}; charset=utf-16`, []],
  ])('is refused with 415 when it comes as %s', async (_, type, further) => {
    const answer = await post('/form', type, '{}', further)
    expect(answer.status).toBe(415)
    expect(answer.json).toEqual({
      error: 'invalid_request',
      error_description: 'The request body must be a form (application/x-www-form-urlencoded) in UTF-8.',
    })
  })

  test('is refused with 415 when it is compressed', async () => {
    const answer = await post('/form', FORM, 'a=1', ['Content-Encoding: gzip'])
    expect(answer.status).toBe(415)
    expect(answer.json['error_description']).toBe('The request body must be sent without a content encoding.')
  })
})

describe('a JSON body', () => {
  test.each(['application/json', 'application/merge-patch+json', 'application/json; charset=utf-8'])(
    'is read as %s',
    async (type) => {
      const answer = await post('/json', type, '{"a":["ü"]}')
      expect(answer.json).toEqual({ json: { a: ['ü'] } })
    },
  )

  test.each([
    ['cut', '{"a":', 'The request body is not valid JSON.'],
    ['empty', '', 'The request body is not valid JSON.'],
    ['not JSON', 'a=1', 'The request body is not valid JSON.'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'The request body is not valid UTF-8.'],
    ['holding a NUL', String.raw`{"a":"x\u0000"}`, 'The JSON holds a NUL character or half a surrogate pair.'],
    ['holding a NUL in a name', String.raw`{"\u0000":1}`, 'The JSON holds a NUL character or half a surrogate pair.'],
    ['holding half a pair', String.raw`{"a":["\ud800"]}`, 'The JSON holds a NUL character or half a surrogate pair.'],
    ['very deep', '['.repeat(25_000) + ']'.repeat(25_000), 'The JSON is nested too deeply: at most 32 levels.'],
  ])('is refused with 400 when it is %s', async (_, body, sentence) => {
    const answer = await post('/json', 'application/json', body)
    expect(answer.status).toBe(400)
    expect(answer.json).toEqual({ error: 'invalid_request', error_description: sentence })
  })

  test('is refused with 415 when it comes as a form', async () => {
    const answer = await post('/json', FORM, 'a=1')
    expect(answer.status).toBe(415)
    expect(answer.json['error_description']).toBe('The request body must be JSON (application/json) in UTF-8.')
  })
})

describe('a large body', () => {
  const sentence = {
    error: 'invalid_request',
    error_description: 'The request body is too large: at most 57344 bytes.',
  }

  test('is read up to 56 KiB', async () => {
    const answer = await post('/form', FORM, `a=${'x'.repeat(MAX_BODY_BYTES - 2)}`)
    expect(answer.status).toBe(200)
  })

  test('is refused with 413 and a closed connection one byte above', async () => {
    const answer = await post('/form', FORM, `a=${'x'.repeat(MAX_BODY_BYTES - 1)}`)
    expect(answer.status).toBe(413)
    expect(answer.json).toEqual(sentence)
    expect(answer.headers['connection']).toBe('close')
  })

  test('is refused with 413 before it is sent, by its announced size', async () => {
    const headers = [`Host: 127.0.0.1:${server.port}`, `Content-Type: ${FORM}`, 'Content-Length: 1000000000']
    const answer = await server.send(`${rawRequest('/form', headers, '', 'POST')}a=1`)
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toEqual(sentence)
    expect(answer.headers['connection']).toBe('close')
  })

  test('is refused with 413 while it is read, when it comes in chunks', async () => {
    const answer = await server.send(chunked(server.port, 60_000))
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toEqual(sentence)
    expect(answer.headers['connection']).toBe('close')
  })

  test('is refused with 413 by its announced size where nobody reads it', async () => {
    const deaf = await startLoopback([(ctx) => void (ctx.body = 'not read')])
    const headers = [`Host: 127.0.0.1:${deaf.port}`, `Content-Type: ${FORM}`, 'Content-Length: 57345']
    const answer = await deaf.send(`${rawRequest('/form', headers, '', 'POST')}a=1`)
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toEqual(sentence)
  })

  test('ends a connection that was to be kept, so that the rest is not read', async () => {
    const head = `POST /form HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: ${FORM}\r\nContent-Length: 57345\r\n\r\na=1`
    const answer = await server.send(head)
    expect(answer.status).toBe(413)
    expect(answer.headers['connection']).toBe('close')
  })

  test('replaces the answer of a reader with a limit of its own', async () => {
    const stubborn = await startLoopback([
      async (ctx) => {
        let received = 0
        for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
          received += (chunk as Buffer).length
          if (received > MAX_BODY_BYTES) break
        }
        ctx.status = 400
        ctx.body = 'failed to parse the request body'
      },
    ])
    const answer = await stubborn.send(chunked(stubborn.port, 60_000))
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body)).toEqual(sentence)
    const small = await stubborn.send(chunked(stubborn.port, 10_000))
    expect(small.status).toBe(400)
  })

  test('of many megabytes costs no memory', async () => {
    const before = process.memoryUsage().rss
    const answers = await Promise.all([1, 2, 3].map(() => server.send(chunked(server.port, 20_000_000))))
    for (const answer of answers) expect([413, 0]).toContain(answer.status)
    expect(answers.some((answer) => answer.status === 413)).toBe(true)
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
  })
})

function chunked(port: number, size: number): Buffer {
  const headers = [`Host: 127.0.0.1:${port}`, `Content-Type: ${FORM}`, 'Transfer-Encoding: chunked']
  const chunk = Buffer.from(`2000\r\n${'x'.repeat(8192)}\r\n`)
  const chunks = Array.from({ length: Math.ceil(size / 8192) }, () => chunk)
  return Buffer.concat([Buffer.from(rawRequest('/form', headers, '', 'POST')), ...chunks, Buffer.from('0\r\n\r\n')])
}
