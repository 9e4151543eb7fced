import { expect, test } from 'vitest'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'

test('a cloned database is migrated, and its own', async () => {
  const first = await cloneDatabase()
  const second = await cloneDatabase()
  await asSuperuser(
    (client) => client.query(`INSERT INTO accounts (sub, email) VALUES ('a', 'a@example.com')`),
    first.url,
  )
  const { rows } = await asSuperuser((client) => client.query('SELECT count(*)::int AS n FROM accounts'), second.url)
  expect(rows).toEqual([{ n: 0 }])
})
