import { expect, test } from 'vitest'
import { TABLES, TABLES_OF_ROOMS } from '#schema.ts'
import { asSuperuser, cloneDatabase } from './support/postgres.ts'

test('every table of the schema belongs to one room, which says whether a restore empties it', async () => {
  const { url } = await cloneDatabase()
  const { rows } = await asSuperuser(
    (client) =>
      client.query<{ name: string }>(
        `SELECT relname AS name FROM pg_class
         WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace`,
      ),
    url,
  )
  const owned = Object.values(TABLES_OF_ROOMS).flatMap((tables) => Object.keys(tables))
  expect(owned.toSorted()).toEqual(rows.map(({ name }) => name).toSorted())
  expect(Object.keys(TABLES).toSorted()).toEqual(owned.toSorted())
})
