/** The audit log is kept by the month: months are made ahead, old ones go whole, and no event is lost. */
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { tendPartitions } from '#audit/partitions-store.ts'
import { createAudit } from '#audit/recorder.ts'
import type { Database } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import { migrate } from '#schema.ts'
import { atEnd } from '../support/endings.ts'
import { asSuperuser, cloneDatabase, emptyDatabase } from '../support/postgres.ts'
import { takeBack } from '../support/take-back.ts'

const DAYS = 400
const STEP = '20261201061537-audit-partition-events'
let url: string
let db: Database

function open(): Database {
  const opened = createDatabase({ url })
  atEnd(() => opened.close())
  return opened
}

/** Returns the ids of all events with the partition that holds each. */
async function events(): Promise<{ id: string; held: string }[]> {
  const { rows } = await db.query<{ id: string; held: string }>(
    'SELECT id::text, tableoid::regclass::text AS held FROM audit_events ORDER BY audit_events.id',
  )
  return rows
}

async function insert(at: string): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO audit_events (at, type, outcome, actor_kind) VALUES (${at}, 'client.enabled', 'success', 'system')
     RETURNING id::text`,
  )
  return rows[0]?.id ?? ''
}

describe('partitions', () => {
  beforeEach(async () => {
    url = (await cloneDatabase()).url
    db = open()
  })

  test('of the coming months are made once, whichever process does it', async () => {
    const both = await Promise.all([tendPartitions(db, DAYS), tendPartitions(open(), DAYS)])
    const later = await tendPartitions(db, DAYS)
    const made = [...both, later].flatMap((changes) => changes.made)
    expect(made).toHaveLength(1)
    expect(made[0]).toMatch(/^audit_events_\d{4}_\d{2}$/)
    expect(await tendPartitions(db, DAYS)).toEqual({ made: [], dropped: [] })
  })

  test('take over the events that came before them', async () => {
    const early = await insert("date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '100 days'")
    const far = await insert("now() + interval '3 years'")
    expect((await events()).map(({ held }) => held)).toEqual(['audit_events_default', 'audit_events_default'])
    const { made } = await tendPartitions(db, DAYS)
    expect(await events()).toEqual([
      { id: early, held: made[0] },
      { id: far, held: 'audit_events_default' },
    ])
  })

  test('go once all of their events are too old, and the removal is recorded', async () => {
    await insert('now()')
    await insert("now() - interval '3 years'")
    expect((await tendPartitions(db, DAYS)).dropped).toEqual([])
    // as if four months had passed
    expect((await tendPartitions(db, -120)).dropped).toContain('audit_events_first')
    const [removal] = await createAudit({ db }).list({ limit: 5, type: 'audit.events_removed' })
    expect(removal).toMatchObject({ actor: { kind: 'system' }, detail: { retention_days: -120 } })
    // written to a month that has no partition any more
    const id = await insert('now()')
    expect(await events()).toContainEqual({ id, held: 'audit_events_default' })
    await tendPartitions(db, DAYS)
    expect(await events()).toContainEqual({ id, held: expect.stringMatching(/^audit_events_\d{4}_\d{2}$/) as string })
  })

  test('are made and dropped later where a backup holds the table, and inserts do not fail meanwhile', async () => {
    await open().transaction(async (backup) => {
      await backup.query('LOCK TABLE audit_events IN ACCESS SHARE MODE')
      const tended = tendPartitions(db, -120)
      await insert('now()')
      expect((await tended).dropped).toEqual([])
    })
    expect((await tendPartitions(db, -120)).dropped).toContain('audit_events_first')
  })
})

test('the migration makes a table with events the first partition, and loses none that come meanwhile', async () => {
  url = (await emptyDatabase()).url
  await migrate({ url })
  await takeBack(url, STEP)
  db = open()
  await db.query(`INSERT INTO audit_events (at, type, outcome, actor_kind)
    SELECT now() - n * interval '1 hour', 'client.enabled', 'success', 'system' FROM generate_series(1, 20000) n`)
  const { rows } = await db.query<{ file: string }>("SELECT pg_relation_filepath('audit_events') AS file")
  const migrated = new AbortController()
  let written = 0
  const writer = (async () => {
    while (!migrated.signal.aborted) {
      await insert('now()')
      written += 1
    }
  })()
  const taken = await Promise.all([migrate({ url }), migrate({ url })])
  await insert('now()')
  migrated.abort()
  await writer
  expect(taken.flat()).toContain(STEP)
  const all = await events()
  expect(all).toHaveLength(20_001 + written)
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  expect(new Set(all.map(({ held }) => held))).toEqual(new Set(['audit_events_first']))
  // it was not rewritten
  const moved = await db.query<{ file: string }>("SELECT pg_relation_filepath('audit_events_first') AS file")
  expect(moved.rows).toEqual(rows)
  const newest = all.slice(-2).toReversed()
  expect((await createAudit({ db }).list({ limit: 2 })).map(({ id }) => id)).toEqual(newest.map(({ id }) => id))
})

test('a role that may only read and write events still may after the migration, and after it was taken back', async () => {
  url = (await cloneDatabase()).url
  await takeBack(url, STEP)
  const role = `events_${randomBytes(4).toString('hex')}`
  await asSuperuser(
    (client) => client.query(`CREATE ROLE ${role}; GRANT SELECT, INSERT ON audit_events TO ${role}`),
    url,
  )
  const write = () =>
    asSuperuser(async (client) => {
      await client.query(`SET ROLE ${role}`)
      await client.query(
        `INSERT INTO audit_events (type, outcome, actor_kind) VALUES ('client.enabled', 'success', 'system')`,
      )
      return (await client.query('SELECT FROM audit_events')).rowCount
    }, url)
  expect(await write()).toBe(1)
  await migrate({ url })
  expect(await write()).toBe(2)
  await takeBack(url, STEP)
  expect(await write()).toBe(3)
  await asSuperuser((client) => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`), url)
})
