/** Holds what the rooms recorded in a test to the catalogue of audit events. */
import pg from 'pg'
import { AUDIT_EVENTS } from '#audit/events.ts'

const NO_SUCH_DATABASE = '3D000'
const MOST_ROWS = 5000

/** Type and detail of the rows of a database that do not follow the catalogue; none where there is no audit log. */
export async function uncataloguedRows(url: string): Promise<string[]> {
  const rows = await readRows(url)
  return rows
    .filter(({ type, detail }) => {
      if (!Object.hasOwn(AUDIT_EVENTS, type)) return true
      const given = Object.fromEntries(Object.entries(detail ?? {}).filter(([, value]) => value !== null))
      return !AUDIT_EVENTS[type as keyof typeof AUDIT_EVENTS].detail.safeParse(given).success
    })
    .map(({ type, shown }) => `${type} ${shown}`)
}

interface Row {
  type: string
  detail: Record<string, unknown> | null
  shown: string | null
}

async function readRows(connectionString: string): Promise<Row[]> {
  // a test may have left a transaction open that locks the table
  const client = new pg.Client({ connectionString, lock_timeout: 1000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ there: boolean }>(`SELECT to_regclass('audit_events') IS NOT NULL AS there`)
    if (!rows[0]?.there) return []
    const all = await client.query<Row>(
      `SELECT type, detail, detail::text AS shown FROM audit_events ORDER BY id DESC LIMIT ${MOST_ROWS}`,
    )
    return all.rows
  } catch (error) {
    // the test has dropped its database by itself
    if ((error as { code?: string }).code === NO_SUCH_DATABASE) return []
    throw error
  } finally {
    await client.end()
  }
}
