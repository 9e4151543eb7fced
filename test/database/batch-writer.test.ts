import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBatchWriter } from '#database/batch-writer.ts'
import { DatabaseUnavailable, sqlState } from '#database/errors.ts'
import { createDatabase, type PooledDatabase } from '#database/pool.ts'
import { atEnd } from '../support/endings.ts'
import { emptyDatabase } from '../support/postgres.ts'
import type { Queryable } from '#database/database.ts'

async function aTable(): Promise<PooledDatabase> {
  const { url } = await emptyDatabase()
  const db = createDatabase({ url })
  atEnd(() => db.close())
  await db.query('CREATE TABLE notes (id int PRIMARY KEY, words text CHECK (words <> $$bad$$))')
  return db
}

/** Writes notes in one statement, and keeps the ids of each batch. */
function aWriter(db: PooledDatabase, maxBatch = 100) {
  const batches: number[][] = []
  const writer = createBatchWriter<{ id: number; words: string }, string>({
    maxBatch,
    async write(items) {
      batches.push(items.map(({ id }) => id))
      const { rows } = await db.query<{ id: number }>(
        `INSERT INTO notes SELECT * FROM unnest($1::int[], $2::text[]) ON CONFLICT DO NOTHING RETURNING id`,
        [items.map(({ id }) => id), items.map(({ words }) => words)],
      )
      const written = new Set(rows.map(({ id }) => id))
      return items.map(({ id }) => (written.has(id) ? `wrote ${id}` : `${id} was there`))
    },
  })
  return { writer, batches }
}

test('each submitter gets the result of its own item, once it is committed', async () => {
  const db = await aTable()
  const { writer, batches } = aWriter(db)
  const results = await Promise.all([1, 2, 3, 1].map((id) => writer.submit({ id, words: 'good' })))
  expect(results.slice(0, 3)).toEqual(['wrote 1', 'wrote 2', 'wrote 3'])
  expect((await db.query('SELECT count(*)::int AS n FROM notes')).rows).toEqual([{ n: 3 }])
  expect(batches).toEqual([[1, 2, 3, 1]])
  expect(await writer.submit({ id: 2, words: 'again' })).toBe('2 was there')
})

test('one write is in flight at a time, and what comes meanwhile shares the next one, up to the limit', async () => {
  const db = await aTable()
  const { writer, batches } = aWriter(db, 3)
  const first = writer.submit({ id: 1, words: 'good' })
  await turn()
  const rest = [2, 3, 4, 5, 6].map((id) => writer.submit({ id, words: 'good' }))
  await Promise.all([first, ...rest])
  expect(batches).toEqual([[1], [2, 3, 4], [5, 6]])
})

test('a batch that is refused is written one by one: the bad item alone gets the error', async () => {
  const db = await aTable()
  const { writer } = aWriter(db)
  const settled = await Promise.allSettled(['good', 'bad', 'good'].map((words, id) => writer.submit({ id, words })))
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(sqlState(settled[1]?.status === 'rejected' ? settled[1].reason : undefined)).toBe('23514')
  expect((await db.query('SELECT id FROM notes ORDER BY id')).rows).toEqual([{ id: 0 }, { id: 2 }])
  expect(await writer.submit({ id: 3, words: 'good' })).toBe('wrote 3')
})

test('a database that cannot answer is told to every submitter, and asked once for all of them', async () => {
  const db = createDatabase({ url: 'postgres://nobody@127.0.0.1:9/none' })
  const { writer, batches } = aWriter(db)
  const settled = await Promise.allSettled([1, 2, 3].map((id) => writer.submit({ id, words: 'good' })))
  for (const one of settled) expect(one).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailable) })
  expect(batches).toHaveLength(1)
})

test('who waited behind a batch that could not be written is told with it, and does not wait as long again', async () => {
  const db = await aTable()
  const { writer, batches } = aWriter(db)
  await db.transaction(async (trx) => {
    await trx.query('LOCK TABLE notes IN ACCESS EXCLUSIVE MODE')
    const first = writer.submit({ id: 1, words: 'good' })
    await expect.poll(() => isWaiting(trx)).toBe(true)
    const late = writer.submit({ id: 2, words: 'good' })
    for (const one of await Promise.allSettled([first, late])) {
      expect(one).toMatchObject({ status: 'rejected', reason: expect.any(DatabaseUnavailable) })
    }
  })
  expect(batches).toEqual([[1]])
  expect(await writer.submit({ id: 3, words: 'good' })).toBe('wrote 3')
})

test('a write that answers for fewer items than it got is an error to all of them', async () => {
  const writer = createBatchWriter<number, number>({ maxBatch: 10, write: async (items) => items.slice(1) })
  const settled = await Promise.allSettled([1, 2].map((item) => writer.submit(item)))
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('it is idle when everything submitted is written', async () => {
  const db = await aTable()
  const { writer } = aWriter(db, 2)
  const done: string[] = []
  for (const id of [1, 2, 3, 4, 5]) void writer.submit({ id, words: 'good' }).then((result) => done.push(result))
  await writer.idle()
  expect(done).toHaveLength(5)
  await writer.idle()
})

/** Whether a statement of another connection waits for a lock on the table. */
async function isWaiting(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query(`SELECT FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted`)
  return rowCount === 1
}
