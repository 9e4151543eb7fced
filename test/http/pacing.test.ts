/** Requests of people begin one after another; others do not wait for them. */
import { request } from 'node:http'
import { beforeEach, describe, expect, test } from 'vitest'
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
  const room = async (ctx: { path: string; query: Record<string, unknown>; body: unknown }) => {
    begun.push({ path: ctx.path, at: performance.now() })
    if (ctx.query['takes'] === 'wrong') throw new Error('it goes wrong')
    if (ctx.query['takes'] === 'longer') await mayAnswer
    answered += 1
    ctx.body = 'done'
  }
  server = await startLoopback([room], { paced: ['/interaction/', '/authorize'] })
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

  test('does not keep a machine waiting', async () => {
    const people = Array.from({ length: 60 }, (_, at) => ask(`/authorize/${at}?takes=longer`))
    await expect.poll(() => begun.length, { interval: 1 }).toBeGreaterThan(0)
    expect(await ask('/token')).toBe(200)
    const place = begun.findIndex(({ path }) => path === '/token')
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
