/** SQL that finds the clients to which logout tokens are sent. */
import type { Queryable } from '#database/database.ts'

/** Returns those of the clients that are enabled and registered with a `backchannel_logout_uri`. */
export async function backChannelClients(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM clients WHERE id = ANY($1::text[]) AND status = 'enabled' AND metadata ? 'backchannel_logout_uri'`,
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
