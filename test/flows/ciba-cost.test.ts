/** A backchannel request for nobody costs the server what one for somebody does (decision 0032). */
import { expect, test } from 'vitest'
import type { Hasher, HasherOptions } from '#sign-in/hashing.ts'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { untilDelivered } from '../support/logout-app.ts'
import { atOwnPage } from '../support/own-page.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { startCountingProxy } from '../support/postgres-proxy.ts'
import { createQuickHasher } from '../support/quick-hasher.ts'
import { startServer } from '../support/server.ts'

const ROUNDS = 5

test('a request takes the same statements whether its hint fits somebody or nobody', async () => {
  const { url } = await cloneDatabase()
  const proxy = await startCountingProxy(url, 'signet')
  let hashes = 0
  const createHasher = (options: HasherOptions): Hasher => {
    const hasher = createQuickHasher(options)
    return { ...hasher, verify: (phc, code) => ((hashes += 1), hasher.verify(phc, code)) }
  }
  const server = await startServer({ databaseUrl: proxy.url, overrides: { createHasher } })
  const admin = await administrator(server)
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_waiting: 100 } })
  const sub = await admin.account('ada@example.com', PASSWORD)
  const disabled = await admin.account('gone@example.com', PASSWORD)
  await admin.call('POST', `/accounts/${disabled}/disable`, {})
  await admin.account('bob@example.com', PASSWORD)
  const client = createCibaClient(server, await admin.client('web', POLLING_CLIENT))
  const withCode = { ...POLLING_CLIENT, backchannel_user_code_parameter: true }
  const asker = createCibaClient(server, await admin.client('web', withCode))
  const page = await atOwnPage({ first: server }, { who: { email: 'ada@example.com', password: PASSWORD } })
  await page.send('/requests', 'value="set"', { code: 'seven-herons' })

  /** The fewest of some rounds: what the server does besides only adds to them. */
  async function costOf(ask: () => Promise<unknown>): Promise<number> {
    const counts: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      // the mail of the request before
      await untilDelivered({ databaseUrl: url })
      const before = proxy.statements()
      await ask()
      counts.push(proxy.statements() - before)
    }
    return Math.min(...counts)
  }

  const costs = new Map<string, number>()
  for (const hint of ['ada@example.com', 'nobody@example.com', 'gone@example.com', sub, disabled, 'acc-nobody'])
    costs.set(hint, await costOf(() => client.begin({ login_hint: hint })))
  expect(costs.get(sub)).toBeGreaterThan(5)
  expect(new Set(costs.values()).size, JSON.stringify([...costs])).toBe(1)

  // a wrong code, a person without one, one who is disabled, and nobody
  const guesses = new Map<string, number[]>()
  for (const hint of ['ada@example.com', 'bob@example.com', 'gone@example.com', 'nobody@example.com']) {
    const before = hashes
    const statements = await costOf(() => asker.ask({ login_hint: hint, user_code: 'eight-herons' }))
    guesses.set(hint, [statements, hashes - before])
  }
  const [first] = guesses.values()
  expect(first?.[1]).toBe(ROUNDS)
  for (const [hint, cost] of guesses) expect(cost, hint).toEqual(first)
})
