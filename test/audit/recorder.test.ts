import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Audit, AuditEvent } from '#audit/audit.ts'
import { auditInsertSelect, AuditQueryError, auditRecordset } from '#audit/audit-store.ts'
import { AUDIT_EVENTS } from '#audit/events.ts'
import { createAudit } from '#audit/recorder.ts'
import { createRefusals } from '#audit/refusals.ts'
import type { Database } from '#database/database.ts'
import { DatabaseUnavailable } from '#database/errors.ts'
import { createDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { cloneDatabase } from '../support/postgres.ts'

let url: string
let db: Database
let audit: Audit

function anEvent(given: Partial<AuditEvent<'consent.denied'>> = {}): AuditEvent {
  return { type: 'consent.denied', outcome: 'success', actor: { kind: 'client', id: 'billing' }, ...given }
}

/** An event that does not follow the catalogue, as only members of unknown names let it through. */
function uncatalogued(given: Record<string, unknown>): AuditEvent {
  return { ...anEvent(), ...given }
}

/** The same database, counting its statements. */
function counting(database: Database): { db: Database; statements: () => number } {
  let statements = 0
  return {
    db: {
      ...database,
      query(text, values) {
        statements += 1
        return database.query(text, values)
      },
    },
    statements: () => statements,
  }
}

async function everything() {
  return audit.list({ limit: 1000 })
}

beforeAll(async () => {
  url = (await cloneDatabase()).url
  db = createDatabase({ url })
  atEnd(() => db.close())
  audit = createAudit({ db })
})

afterEach(async () => {
  await db.query('DELETE FROM audit_events')
})

describe('the audit log', () => {
  test('gives back an event as it was recorded, with its number and time', async () => {
    const event: AuditEvent = {
      type: 'resource.updated',
      outcome: 'failure',
      actor: { kind: 'account', id: 'ada' },
      subject: { kind: 'client', id: 'shop' },
      clientId: 'signet-cli',
      accountId: 'ada',
      address: '2001:db8::7',
      requestId: 'id-12345678',
      callerRequestId: 'trace-12345678',
      reason: 'version mismatch',
      detail: { changed: ['redirect_uris', 'ü😀'], version: 3 },
    }
    await audit.record(event)
    const [stored] = await everything()
    expect(stored).toEqual({
      ...event,
      id: expect.stringMatching(/^\d+$/) as string,
      at: expect.any(Date) as Date,
    })
    expect(Math.abs((stored?.at.getTime() ?? 0) - Date.now())).toBeLessThan(60_000)
  })

  test('leaves out what an event does not say', async () => {
    await audit.record({ type: 'client.enabled', outcome: 'success', actor: { kind: 'system' } })
    const [stored] = await everything()
    expect(Object.keys(stored ?? {}).toSorted()).toEqual(['actor', 'at', 'id', 'outcome', 'type'])
    expect(stored?.actor).toEqual({ kind: 'system' })
  })

  test('has committed an event when `record` resolves', async () => {
    const other = createDatabase({ url })
    atEnd(() => other.close())
    await audit.record(anEvent())
    const { rows } = await other.query<{ count: string }>('SELECT count(*) FROM audit_events')
    expect(rows[0]?.count).toBe('1')
  })

  test('writes events that come at the same time in few statements, none twice and none lost', async () => {
    const counted = counting(db)
    const batching = createAudit({ db: counted.db })
    const requestIds = Array.from({ length: 500 }, (_, index) => `request-${index}`)
    await Promise.all(requestIds.map((requestId) => batching.record(anEvent({ requestId }))))
    const stored = await everything()
    expect(stored).toHaveLength(500)
    expect(new Set(stored.map(({ requestId }) => requestId))).toEqual(new Set(requestIds))
    expect(counted.statements()).toBeLessThanOrEqual(4)
  })

  test('writes an event in the transaction of what it tells: a rollback takes it along', async () => {
    await expect(
      db.transaction(async (trx) => {
        await audit.recordIn(trx, anEvent({ reason: 'rolled back' }))
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await db.transaction((trx) => audit.recordIn(trx, anEvent({ reason: 'kept' })))
    expect((await everything()).map(({ reason }) => reason)).toEqual(['kept'])
  })

  test('rejects with DatabaseUnavailable when the event could not be written', async () => {
    const nowhere = createDatabase({ url: 'postgres://signet@127.0.0.1:1/none' })
    atEnd(() => nowhere.close())
    await expect(createAudit({ db: nowhere }).record(anEvent())).rejects.toBeInstanceOf(DatabaseUnavailable)
  })

  test('writes the counts of refusals later where they could not be written', async () => {
    let isAway = true
    const flaky: Database = {
      ...db,
      query: (text, values) => (isAway ? nowhere.query(text, values) : db.query(text, values)),
    }
    const nowhere = createDatabase({ url: 'postgres://signet@127.0.0.1:1/none' })
    atEnd(() => nowhere.close())
    const refusals = createRefusals({ now: () => Date.now(), inFull: 0 })
    const counted = createAudit({ db: flaky, refusals })
    await counted.record({ type: 'endpoint.refused', outcome: 'failure', actor: { kind: 'anonymous' } })
    await expect(counted.recordCounts(true)).rejects.toBeInstanceOf(DatabaseUnavailable)
    isAway = false
    expect(await counted.recordCounts(true)).toEqual({ counts: 1 })
    expect(await counted.recordCounts(true)).toBeUndefined()
    expect(await everything()).toMatchObject([{ type: 'refusals.counted', detail: { count: 1 } }])
  })

  test('takes every event of its catalogue', async () => {
    const types = Object.keys(AUDIT_EVENTS)
    await Promise.all(types.map((type) => audit.record(uncatalogued({ type }))))
    expect(new Set((await everything()).map(({ type }) => type))).toEqual(new Set(types))
  })
})

describe('what a caller may have sent', () => {
  const hostile = 'a\0b\u001b[31m\r\n","outcome":"success"}\ud800\'; DROP TABLE audit_events; --'

  test('cannot make a write fail, forge an event or be a novel', async () => {
    await Promise.all([
      audit.record(
        uncatalogued({
          outcome: 'failure',
          actor: { kind: 'client', id: hostile },
          subject: { kind: 'client', id: hostile },
          clientId: hostile,
          accountId: hostile,
          reason: 'x'.repeat(100_000),
          detail: { [hostile]: hostile, list: Array.from({ length: 10_000 }, () => hostile), number: Number.NaN },
        }),
      ),
      audit.record(anEvent({ reason: 'the neighbour in the batch' })),
    ])
    const stored = await everything()
    expect(stored).toHaveLength(2)
    const found = stored.find(({ outcome }) => outcome === 'failure')
    const cleaned = hostile.replace('\0', '\uFFFD').replace('\ud800', '\uFFFD')
    expect(found).toMatchObject({
      actor: { kind: 'client', id: cleaned },
      clientId: cleaned,
      reason: `${'x'.repeat(500)}…`,
      detail: { [cleaned]: cleaned, number: null },
    })
    expect(found?.detail?.['list']).toHaveLength(100)
    expect(await audit.list({ limit: 10, clientId: hostile })).toHaveLength(1)
  })

  test('is cut without leaving half a character', async () => {
    await audit.record(anEvent({ reason: `${'x'.repeat(499)}😀` }))
    const [stored] = await everything()
    expect(stored?.reason).toBe(`${'x'.repeat(499)}\uFFFD…`)
  })

  test('leaves no secret in the log even where a room was careless', async () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'shown', d: 'PRIVATE' }
    await audit.record(uncatalogued({ detail: { client_secret: 'SECRET', jwks: { keys: [jwk] }, Password: 'SECRET' } }))
    const { rows } = await db.query<{ line: string }>('SELECT audit_events::text AS line FROM audit_events')
    expect(rows[0]?.line).toContain('shown')
    expect(rows[0]?.line).not.toMatch(/SECRET|PRIVATE/)
  })

  test('does not end in endless depth', async () => {
    const circle: Record<string, unknown> = { name: 'round' }
    circle['self'] = circle
    await audit.record(uncatalogued({ detail: circle }))
    expect(await everything()).toHaveLength(1)
  })
})

describe('the list', () => {
  async function threeEvents() {
    await audit.record(anEvent({ reason: 'first', accountId: 'ada', clientId: 'shop' }))
    await audit.record({
      ...anEvent({ reason: 'second', outcome: 'failure', accountId: 'bob' }),
      type: 'sign_in.failed',
      detail: { method: 'password' },
    })
    const subject = { kind: 'client', id: 'shop' }
    await audit.record(anEvent({ reason: 'third', accountId: 'ada', actor: { kind: 'account', id: 'ada' }, subject }))
  }

  async function reasons(query: Omit<Parameters<Audit['list']>[0], 'limit'> & { limit?: number }) {
    return (await audit.list({ limit: 10, ...query })).map(({ reason }) => reason)
  }

  test('is newest first and goes on before a given event', async () => {
    await threeEvents()
    expect(await reasons({})).toEqual(['third', 'second', 'first'])
    const page = await audit.list({ limit: 2 })
    expect(await reasons({ before: page.at(-1)?.id ?? '' })).toEqual(['first'])
  })

  test('filters by each thing it knows, and by all together', async () => {
    await threeEvents()
    expect(await reasons({ type: 'sign_in.failed' })).toEqual(['second'])
    expect(await reasons({ outcome: 'failure' })).toEqual(['second'])
    expect(await reasons({ actor: 'ada' })).toEqual(['third'])
    expect(await reasons({ subject: 'shop' })).toEqual(['third'])
    expect(await reasons({ clientId: 'shop' })).toEqual(['first'])
    expect(await reasons({ accountId: 'ada' })).toEqual(['third', 'first'])
    expect(await reasons({ accountId: 'ada', clientId: 'shop' })).toEqual(['first'])
    expect(await reasons({ since: new Date(Date.now() + 60_000) })).toEqual([])
    expect(await reasons({ until: new Date(Date.now() - 60_000) })).toEqual([])
    expect(await reasons({ since: new Date(Date.now() - 60_000), until: new Date(Date.now() + 60_000) })).toHaveLength(
      3,
    )
  })

  test.each(['', 'x', '-1', '1.5', "1' OR '1'='1", '9'.repeat(19)])('refuses the cursor "%s"', async (before) => {
    const refused = audit.list({ limit: 10, before })
    await expect(refused).rejects.toBeInstanceOf(AuditQueryError)
    await expect(refused).rejects.toThrow('The cursor is not one that this list gave out.')
  })
})

describe('the insert of another room’s statement', () => {
  test('writes what its condition lets through, in the same commit', async () => {
    const events = [anEvent({ reason: 'it worked' }), anEvent({ outcome: 'failure', reason: 'it did not' })]
    const insert = auditInsertSelect('$1', { from: 'gate', where: "(e.outcome = 'success') = gate.go" })
    const statement = `WITH gate AS (SELECT $2::boolean AS go), written AS (${insert} RETURNING 1) SELECT count(*)::int AS n FROM written`
    const { rows } = await db.query<{ n: number }>(statement, [auditRecordset(events), false])
    expect(rows[0]?.n).toBe(1)
    expect((await everything()).map(({ reason }) => reason)).toEqual(['it did not'])
  })
})
