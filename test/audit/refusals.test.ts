/** Refusals that a stranger can cause at will are counted after the first few a minute and address. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { AuditEvent } from '#audit/audit.ts'
import { createRefusals, type Refusals } from '#audit/refusals.ts'
import { createDatabase } from '#database/pool.ts'
import { startServer } from '../support/server.ts'

const MINUTE = 60_000
let now: number
let refusals: Refusals

beforeEach(() => {
  now = Date.parse('2026-12-01T08:00:00Z')
  refusals = createRefusals({ now: () => now, inFull: 3 })
})

function refused(address: string, also: Partial<AuditEvent<'endpoint.refused'>> = {}): AuditEvent {
  return { type: 'endpoint.refused', outcome: 'failure', actor: { kind: 'anonymous' }, address, ...also }
}

const inFull = (events: AuditEvent[]) => events.flatMap((event) => refusals.thin([event])).length
const times = (count: number, event: AuditEvent) => Array.from({ length: count }, () => event)

describe('refusals', () => {
  test('are recorded in full up to the limit, and then counted', () => {
    expect(inFull(times(10, refused('192.0.2.1')))).toBe(3)
    expect(refusals.take(false)).toEqual([])
    now += MINUTE
    expect(refusals.take(false)).toEqual([
      {
        type: 'refusals.counted',
        outcome: 'failure',
        actor: { kind: 'anonymous' },
        address: '192.0.2.1',
        detail: { refused: 'endpoint.refused', count: 7, since: '2026-12-01T08:00:00.000Z' },
      },
    ])
    expect(refusals.take(true)).toEqual([])
  })

  test('are recorded in full again a minute later, also where nobody took the count', () => {
    inFull(times(10, refused('192.0.2.1')))
    now += MINUTE
    expect(inFull(times(10, refused('192.0.2.1')))).toBe(3)
    expect(refusals.take(true).map(({ detail }) => detail.count)).toEqual([7, 7])
  })

  test('of another address, kind, client or account have their own limit', () => {
    inFull(times(10, refused('192.0.2.1')))
    expect(inFull(times(10, refused('192.0.2.2')))).toBe(3)
    expect(inFull(times(10, refused('192.0.2.1', { clientId: 'shop' })))).toBe(3)
    expect(inFull(times(10, { ...refused('192.0.2.1'), type: 'authorization.refused' } as AuditEvent))).toBe(3)
  })

  test('of one address are bounded over all kinds too, and an IPv6 /64 is one address', () => {
    const clients = Array.from({ length: 40 }, (_, at) => refused(`2001:db8::${at + 1}`, { clientId: `client-${at}` }))
    expect(inFull([...clients, ...clients])).toBe(15)
    expect(refusals.take(true).reduce((sum, { detail }) => sum + detail.count, 0)).toBe(65)
  })

  test('from ever more addresses are counted by their kind alone', () => {
    for (let at = 0; at < 10_100; at += 1) inFull([refused(`10.0.${at >> 8}.${at & 255}`)])
    const [count, ...others] = refusals.take(true)
    expect(others).toEqual([])
    expect(count).toMatchObject({ detail: { refused: 'endpoint.refused', count: 100 } })
    expect(count).not.toHaveProperty('address')
  })

  test('whose count could not be written are counted again, and beyond ten thousand by their kind alone', () => {
    const of = (at: number) => refused(`10.0.${at >> 8}.${at & 255}`)
    for (let at = 0; at < 6000; at += 1) inFull(times(4, of(at)))
    const first = refusals.take(true)
    refusals.putBack(first)
    for (let at = 0; at < 6000; at += 1) inFull(times(5, of(at)))
    const both = refusals.take(true)
    expect(both).toHaveLength(12_000)
    refusals.putBack(both)
    const kept = refusals.take(true)
    expect(kept).toHaveLength(10_001)
    expect(kept.slice(0, 6000)).toEqual(first)
    expect(kept.at(-1)).toMatchObject({ detail: { refused: 'endpoint.refused', count: 4000 } })
    expect(kept.at(-1)).not.toHaveProperty('address')
    expect(refusals.take(true)).toEqual([])
  })

  test('that matter by themselves are never counted only', () => {
    const reused: AuditEvent = {
      ...refused('192.0.2.1'),
      type: 'token.reused',
      detail: { error: 'invalid_grant' },
    }
    expect(inFull(times(10, reused))).toBe(10)
  })
})

test('a server records the count at the latest when it stops', async () => {
  const server = await startServer({ env: { SIGNET_REFUSALS_PER_MINUTE: '2' } })
  const token = () => server.fetch('/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'password' }) })
  const revoke = () => server.fetch('/revoke', { method: 'POST', body: new URLSearchParams({ token: 'x' }) })
  for (let count = 0; count < 6; count += 1) {
    expect((await token()).status).toBe(400)
    expect((await revoke()).status).toBe(400)
  }
  await server.stop()
  const db = createDatabase({ url: server.databaseUrl })
  const { rows } = await db.query<{ type: string; refused: string | null; count: number }>(
    `SELECT type, detail->>'refused' AS refused, coalesce((detail->>'count')::int, count(*)::int) AS count
     FROM audit_events WHERE outcome = 'failure' GROUP BY type, detail->>'refused', detail->>'count' ORDER BY 1, 2`,
  )
  await db.close()
  expect(rows).toEqual([
    { type: 'endpoint.refused', refused: null, count: 2 },
    { type: 'refusals.counted', refused: 'endpoint.refused', count: 4 },
    { type: 'refusals.counted', refused: 'token.refused', count: 4 },
    { type: 'token.refused', refused: null, count: 2 },
  ])
})
