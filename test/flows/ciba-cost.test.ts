/** A backchannel request for nobody costs the server what one for somebody does (decision 0032). */
import { expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { untilDelivered } from '../support/logout-app.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { startCountingProxy } from '../support/postgres-proxy.ts'
import { startServer } from '../support/server.ts'

test('a request takes the same statements whether its hint fits somebody or nobody', async () => {
  const { url } = await cloneDatabase()
  const proxy = await startCountingProxy(url, 'signet')
  const server = await startServer({ databaseUrl: proxy.url })
  const admin = await administrator(server)
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_waiting: 100 } })
  const sub = await admin.account('ada@example.com', PASSWORD)
  const disabled = await admin.account('gone@example.com', PASSWORD)
  await admin.call('POST', `/accounts/${disabled}/disable`, {})
  const client = createCibaClient(server, await admin.client('web', POLLING_CLIENT))

  /** The fewest of some rounds: what the server does besides only adds to them. */
  async function costOf(hint: string): Promise<number> {
    const counts: number[] = []
    for (let round = 0; round < 5; round += 1) {
      // the mail of the request before
      await untilDelivered({ databaseUrl: url })
      const before = proxy.statements()
      await client.begin({ login_hint: hint })
      counts.push(proxy.statements() - before)
    }
    return Math.min(...counts)
  }

  const costs = new Map<string, number>()
  for (const hint of ['ada@example.com', 'nobody@example.com', 'gone@example.com', sub, disabled, 'acc-nobody'])
    costs.set(hint, await costOf(hint))
  expect(costs.get(sub)).toBeGreaterThan(5)
  expect(new Set(costs.values()).size, JSON.stringify([...costs])).toBe(1)
})
