/** SQL that finds the clients that are notified of decisions (CIBA Core 1.0 §4). */
import type { Queryable } from '#database/database.ts'

/** Returns those of the clients that are enabled and registered with the delivery mode `ping`. */
export async function pingedClients(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM clients WHERE id = ANY($1::text[]) AND status = 'enabled'
       AND metadata ->> 'backchannel_token_delivery_mode' = 'ping'`,
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
