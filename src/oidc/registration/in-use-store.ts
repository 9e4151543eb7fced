/** The SQL that tells for which clients somebody has a consent, a grant or a session. */
import type { Queryable } from '#database/database.ts'

const IN_USE = `SELECT client_id FROM consents WHERE client_id = ANY ($1::text[])
  UNION SELECT client_id FROM grants
    WHERE client_id = ANY ($1::text[]) AND (expires_at IS NULL OR expires_at > now())
  UNION SELECT name FROM sessions s, jsonb_object_keys(s.authorizations) AS name
    WHERE s.authorizations ?| $1::text[] AND name = ANY ($1::text[]) AND s.ended_at IS NULL AND s.expires_at > now()`

export async function clientsInUse(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ client_id: string }>(IN_USE, [ids])
  return new Set(rows.map(({ client_id: id }) => id))
}
