/** The version-checked change of a row, by two nodes at once. */
import { beforeEach, describe, expect, test } from 'vitest'
import { createDatabase } from '#database/pool.ts'
import { changeVersioned } from '#database/versioned.ts'
import { atEnd } from '../support/endings.ts'
import { cloneDatabase } from '../support/postgres.ts'

interface Basket {
  items: string[]
  version: number
}

const { url } = await cloneDatabase()
const nodes = [createDatabase({ url, poolSize: 4 }), createDatabase({ url, poolSize: 4 })] as const
atEnd(() => Promise.all(nodes.map((db) => db.close())))
await nodes[0].query('CREATE TABLE baskets (items jsonb NOT NULL, version integer NOT NULL)')

beforeEach(async () => {
  await nodes[0].query('DELETE FROM baskets')
  await nodes[0].query(`INSERT INTO baskets VALUES ('[]', 1)`)
})

async function read(): Promise<Basket> {
  const { rows } = await nodes[0].query<Basket>('SELECT items, version FROM baskets')
  if (!rows[0]) throw new TypeError('there is no basket')
  return rows[0]
}

/** Adds an item to what was read, on that version alone. */
function add(item: string, expectedVersion: number | undefined, node: 0 | 1 = 0): Promise<Basket> {
  return changeVersioned({ kind: 'basket', expectedVersion, read }, async ({ items, version }) => {
    const { rows } = await nodes[node].query<Basket>(
      'UPDATE baskets SET items = $1, version = version + 1 WHERE version = $2 RETURNING items, version',
      [JSON.stringify([...items, item]), version],
    )
    return rows[0]
  })
}

describe('a version-checked change', () => {
  test('loses none of the changes that two nodes make at once without a version', async () => {
    const items = Array.from({ length: 10 }, (_, n) => `item ${n}`)
    await Promise.all(items.map((item, n) => add(item, undefined, n % 2 === 0 ? 0 : 1)))
    const basket = await read()
    expect(basket.items.toSorted()).toEqual(items)
    expect(basket.version).toBe(11)
  })

  test('lets one of the changes through that two nodes make for the same version', async () => {
    const items = Array.from({ length: 10 }, (_, n) => `item ${n}`)
    const results = await Promise.allSettled(items.map((item, n) => add(item, 1, n % 2 === 0 ? 0 : 1)))
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    expect(refused).toHaveLength(9)
    for (const reason of refused) {
      expect(reason).toMatchObject({ code: 'version_mismatch', status: 412 })
      expect(String(reason)).toContain('made for version 1; it is now version 2')
    }
    expect((await read()).version).toBe(2)
  })

  test('refuses another version before it changes anything', async () => {
    let calls = 0
    const change = changeVersioned({ kind: 'basket', expectedVersion: 7, read }, async () => (calls += 1))
    await expect(change).rejects.toThrow(
      'The basket was changed meanwhile (the change was made for version 7; it is now version 1).',
    )
    expect(calls).toBe(0)
  })

  test('gives up on a row that is changed before every attempt', async () => {
    let attempts = 0
    const change = changeVersioned({ kind: 'basket', expectedVersion: undefined, read }, async () => {
      attempts += 1
      return undefined
    })
    await expect(change).rejects.toMatchObject({ code: 'version_mismatch' })
    expect(attempts).toBe(20)
  })
})
