/** Requests of people begin one after another; others do not wait for them. */
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Context } from 'koa'
import { beforeEach, describe, expect, test } from 'vitest'
import { readForm } from '#http/body.ts'
import { MAX_WAITING } from '#http/pacing.ts'
import { startLoopback, type Loopback } from './loopback.ts'

let begun: { path: string; at: number }[]
let answered: number
/** Lets the requests with `?takes=longer` be answered. */
let answerAll: () => void
let server: Loopback

beforeEach(async () => {
  begun = []
  answered = 0
  const { promise: mayAnswer, resolve } = Promise.withResolvers<void>()
  answerAll = resolve
  const room = async (ctx: Context) => {
    begun.push({ path: ctx.path, at: performance.now() })
    if (ctx.query['takes'] === 'wrong') throw new Error('it goes wrong')
    if (ctx.query['takes'] === 'longer') await mayAnswer
    answered += 1
    ctx.body =
      ctx.query['takes'] === 'form'
        ? new URLSearchParams((await readForm(ctx)).entries as [string, string][]).toString()
        : 'done'
  }
  server = await startLoopback([room], {
    paced: ['/interaction/', '/authorize', '/device'],
    jsonPaths: ['/device/code'],
  })
})

/** Resolves once the request has arrived, with the status that its answer will have. */
function send(target: string): Promise<{ status: Promise<number> }> {
  const { promise: status, resolve: answer, reject } = Promise.withResolvers<number>()
  return new Promise((resolve) => {
    const sent = request(server.url + target, { agent: false, headers: { expect: '100-continue' } }, (response) => {
      response.resume().once('end', () => answer(response.statusCode ?? 0))
    })
    // before anything else the server says that it has read the head
    sent.once('continue', () => resolve({ status }))
    sent.once('error', reject).end()
  })
}

const ask = async (target: string) => (await send(target)).status

describe('a crowd of people', () => {
  test('begins bit by bit, in the order in which it came, and nobody waits for a slow answer', async () => {
    const asked: Promise<number>[] = []
    for (let at = 0; at < 6; at++) asked.push((await send(`/interaction/${at}?takes=longer`)).status)
    await expect.poll(() => begun).toHaveLength(6)
    expect(answered).toBe(0)
    const gaps = begun.slice(1).map(({ at }, index) => at - (begun[index]?.at ?? 0))
    // a timer of Node may fire up to a millisecond early
    expect(Math.min(...gaps)).toBeGreaterThan(1.9)
    expect(begun.map(({ path }) => path)).toEqual([0, 1, 2, 3, 4, 5].map((at) => `/interaction/${at}`))
    answerAll()
    expect(await Promise.all(asked)).toEqual([200, 200, 200, 200, 200, 200])
  })

  test.each(['/token', '/device/code'])('does not keep a machine waiting at %s', async (path) => {
    const people = Array.from({ length: 60 }, (_, at) => ask(`/device/${at}?takes=longer`))
    await expect.poll(() => begun.length, { interval: 1 }).toBeGreaterThan(0)
    expect(await ask(path)).toBe(200)
    const place = begun.findIndex((one) => one.path === path)
    expect(place).toBeLessThan(59)
    answerAll()
    await Promise.all(people)
  })

  test('goes on after one whose answer is an error', async () => {
    const answers = await Promise.all(['wrong', '0', 'wrong', '0'].map((takes) => ask(`/interaction/1?takes=${takes}`)))
    expect(answers).toEqual([500, 200, 500, 200])
    expect(await ask('/interaction/1')).toBe(200)
  })
})

describe('the queue', () => {
  /** Sends bytes on a connection of its own, and collects the answers. */
  function connection(bytes: string) {
    const socket = connect(server.port, '127.0.0.1')
    const chunks: string[] = []
    socket.on('data', (chunk) => chunks.push(chunk.toString()))
    socket.on('error', () => undefined)
    socket.write(bytes)
    const statuses = () => [...chunks.join('').matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
    return { socket, statuses, text: () => chunks.join('') }
  }
  const head = (method: string, target: string, more = '') =>
    `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n${more}\r\n`
  const begunOf = (part: string) => begun.filter(({ path }) => path.includes(part)).length
  const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'

  test.each([
    ['a length', `${FORM}Content-Length: 8\r\n`, 'a=1&b=22'],
    ['chunks', `${FORM}Transfer-Encoding: chunked\r\n`, '8\r\na=1&b=22\r\n0\r\n\r\n'],
  ])(
    'is joined once the body is there, so bodies that do not come (%s) hold up nobody',
    async (_how, headers, body) => {
      const slow = Array.from({ length: 80 }, (_, at) =>
        connection(head('POST', `/interaction/slow-${at}?takes=form`, headers) + body.slice(0, -1)),
      )
      // the server has read their heads when it answers one that came later
      expect(await ask('/token')).toBe(200)
      expect(await Promise.all([1, 2, 3].map((at) => ask(`/interaction/${at}`)))).toEqual([200, 200, 200])
      expect(begunOf('slow')).toBe(0)
      for (const { socket } of slow.slice(0, 2)) socket.write(body.slice(-1))
      await expect.poll(() => slow.slice(0, 2).map(({ statuses }) => statuses())).toEqual([[200], [200]])
      expect(slow.slice(0, 2).map(({ text }) => text().includes('a=1&b=22'))).toEqual([true, true])
      expect(begunOf('slow')).toBe(2)
      for (const { socket } of slow) socket.destroy()
    },
  )

  test('does not wait for the rest of a body that is too large', async () => {
    const large = connection(head('POST', '/interaction/large', `${FORM}Content-Length: 60000\r\n`))
    await expect.poll(large.statuses).toEqual([413])
    const chunked = connection(
      `${head('POST', '/interaction/large?takes=form', `${FORM}Transfer-Encoding: chunked\r\n`)}ffff\r\n${'x'.repeat(0xffff)}`,
    )
    await expect.poll(chunked.statuses).toEqual([413])
    chunked.socket.destroy()
  })

  test('is bounded: who comes when it is full is told to come back', async () => {
    const crowd = connection(head('GET', '/interaction/crowd').repeat(MAX_WAITING + 101))
    await expect.poll(() => crowd.statuses().length).toBe(MAX_WAITING + 101)
    const refused = crowd.statuses().filter((status) => status === 503).length
    expect(refused).toBe(100)
    expect(crowd.text()).toContain('Many people use this service at the moment; try again in a few seconds.')
    expect(crowd.text()).toMatch(/^Retry-After: 2\r$/im)
    expect(begunOf('crowd')).toBe(MAX_WAITING + 1)
    expect(await ask('/interaction/1')).toBe(200)
    crowd.socket.destroy()
  })

  test('is left by those who disconnect', async () => {
    const crowd = connection(head('GET', '/interaction/gone?takes=longer').repeat(MAX_WAITING))
    await expect.poll(() => begunOf('gone')).toBeGreaterThan(0)
    crowd.socket.destroy()
    expect(await ask('/interaction/1')).toBe(200)
    expect(begunOf('gone')).toBeLessThan(MAX_WAITING / 2)
    answerAll()
  })
})
