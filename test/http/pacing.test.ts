/** Requests of people begin one after another; others do not wait for them. */
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { startLoopback, type Loopback } from './loopback.ts'

let begun: { path: string; at: number }[]
let answered: number
let server: Loopback

beforeEach(async () => {
  begun = []
  answered = 0
  const room = async (ctx: { path: string; query: Record<string, unknown>; body: unknown }) => {
    begun.push({ path: ctx.path, at: performance.now() })
    const milliseconds = Number(ctx.query['takes'] ?? 0)
    if (Number.isNaN(milliseconds)) throw new Error('it goes wrong')
    await delay(milliseconds)
    answered += 1
    ctx.body = 'done'
  }
  server = await startLoopback([room], { paced: ['/interaction/', '/authorize'] })
})

async function ask(target: string): Promise<number> {
  const answer = await fetch(server.url + target)
  await answer.text()
  return answer.status
}

describe('a crowd of people', () => {
  test('begins bit by bit, in the order in which it came, and nobody waits for a slow answer', async () => {
    const asked: Promise<number>[] = []
    for (let at = 0; at < 6; at++) {
      asked.push(ask(`/interaction/${at}?takes=400`))
      await delay(1)
    }
    while (begun.length < 6) await delay(1)
    expect(answered).toBe(0)
    const gaps = begun.slice(1).map(({ at }, index) => at - (begun[index]?.at ?? 0))
    // a timer of Node may fire up to a millisecond early
    expect(Math.min(...gaps)).toBeGreaterThan(1.9)
    expect(begun.map(({ path }) => path)).toEqual([0, 1, 2, 3, 4, 5].map((at) => `/interaction/${at}`))
    expect(await Promise.all(asked)).toEqual([200, 200, 200, 200, 200, 200])
  })

  test('does not keep a machine waiting', async () => {
    const people = Array.from({ length: 60 }, (_, at) => ask(`/authorize/${at}?takes=100`))
    while (begun.length === 0) await delay(1)
    expect(await ask('/token')).toBe(200)
    const place = begun.findIndex(({ path }) => path === '/token')
    expect(place).toBeLessThan(59)
    await Promise.all(people)
  })

  test('goes on after one whose answer is an error', async () => {
    const answers = await Promise.all(['wrong', '0', 'wrong', '0'].map((takes) => ask(`/interaction/1?takes=${takes}`)))
    expect(answers).toEqual([500, 200, 500, 200])
    expect(await ask('/interaction/1')).toBe(200)
  })
})
