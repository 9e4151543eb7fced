/** Callers that send a byte now and then hold nobody up and are cut off (RFC 9110 §15.5.9). */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Server, startServer } from '../support/server.ts'
import { atMost } from '../support/time-limits.ts'

const CALLERS = 500
let server: Server

beforeAll(async () => {
  server = await startServer()
})

interface Slow {
  readonly socket: Socket
  readonly ended: Promise<{ text: string; ms: number }>
}

function slowCaller(firstBytes: string): Slow {
  const started = performance.now()
  const socket = connect(server.port, '127.0.0.1')
  let text = ''
  const { promise, resolve } = Promise.withResolvers<{ text: string; ms: number }>()
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  socket.on('close', () => resolve({ text, ms: performance.now() - started }))
  socket.write(firstBytes)
  const drip = setInterval(() => socket.write('x'), 2000)
  socket.on('close', () => clearInterval(drip))
  return { socket, ended: promise }
}

test('slow heads and slow bodies are ended with 408 in time, and others are served as ever', async () => {
  const head = `POST /token HTTP/1.1\r\nHost: localhost:${server.port}\r\nContent-Type: application/x-www-form-urlencoded\r\n`
  const callers = Array.from({ length: CALLERS }, (_, index) =>
    slowCaller(index % 2 ? `${head}X-Slow: ` : `${head}Content-Length: 5000\r\n\r\ngrant_type=`),
  )
  onTestFinished(() => callers.forEach(({ socket }) => socket.destroy()))
  await Promise.all(callers.map(({ socket }) => once(socket, 'connect')))

  const times: number[] = []
  for (let count = 0; count < 100; count += 1) {
    const started = performance.now()
    expect((await server.fetch('/jwks')).status).toBe(200)
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  expect(times[98]).toBeLessThan(atMost(250))

  const endings = await Promise.all(callers.map(({ ended }) => ended))
  for (const { text, ms } of endings) {
    expect(ms).toBeLessThan(atMost(19_000))
    expect(text).toMatch(/^HTTP\/1\.1 408 /)
    expect(text).toContain('The request took too long to arrive.')
  }
  expect((await server.fetch('/jwks')).status).toBe(200)
}, 60_000)
