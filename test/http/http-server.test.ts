/** The limits of the listener: a slow sender is told and cut off, and nobody else waits for it. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { createHttpServer } from '#http/http-server.ts'
import { atEnd } from '../support/endings.ts'
import { atMost } from '../support/time-limits.ts'

const LISTEN = { host: '127.0.0.1', port: 0, variables: { host: 'HOST', port: 'PORT' } }

async function listening() {
  const server = createHttpServer({ handler: (_request, response) => response.end('answered') })
  const port = await server.listen(LISTEN)
  atEnd(() => server.drain(0))
  return { server, port }
}

/** Sends text and resolves with all that came back when the other side closed. */
function converse(port: number, text: string): Promise<{ answer: string; seconds: number }> {
  const started = performance.now()
  const socket = connect(port, '127.0.0.1', () => socket.write(text))
  let answer = ''
  socket.setEncoding('utf8').on('data', (data: string) => (answer += data))
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => resolve({ answer, seconds: (performance.now() - started) / 1000 }))
  })
}

test('a head that takes more than ten seconds is answered by 408 and a sentence, and the connection closed', async () => {
  const { port } = await listening()
  const slow = converse(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
  const answer = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  expect(answer).toBe('answered')
  const { answer: refusal, seconds } = await slow
  expect(refusal).toMatch(/^HTTP\/1\.1 408 /)
  expect(refusal).toContain('"error_description":"The request took too long to arrive."')
  expect(seconds).toBeGreaterThan(9)
  expect(seconds).toBeLessThan(atMost(16_000) / 1000)
}, 30_000)

test('what is still open when the patience is over is cut off and counted', async () => {
  const { promise: isOpen, resolve } = Promise.withResolvers<void>()
  const server = createHttpServer({ handler: () => resolve() })
  const port = await server.listen(LISTEN)
  const open = converse(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await isOpen
  expect(await server.drain(300)).toBe(1)
  expect(await open).toMatchObject({ answer: '' })
})

test('a request on its way over an idle connection is still answered', async () => {
  const { server, port } = await listening()
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (data: string) => (answer += data))
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  socket.write(request)
  await expect.poll(() => answer).toContain('answered')
  expect(answer).toContain('Connection: keep-alive')
  answer = ''
  const drained = server.drain(20_000)
  socket.write(request)
  expect(await drained).toBe(0)
  await expect.poll(() => answer).toMatch(/Connection: close[^]+answered/)
})

test('an expectation that nobody knows is not refused without a word: the request is answered as every other', async () => {
  const { port } = await listening()
  const { answer } = await converse(
    port,
    'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\nConnection: close\r\n\r\n',
  )
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(answer).toContain('answered')
})
