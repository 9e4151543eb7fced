/** The SQL of the table `client_secrets`, which holds only digests of generated secrets. */
import type { Queryable } from '#database/database.ts'
import { sha256 } from '#shared/ids.ts'
import type { ClientSecret } from './client.ts'

interface Row {
  id: string
  created_at: Date
  expires_at: Date | null
}

/** Statements on `db`, which is the pool or a transaction. */
export function createSecretStore(db: Queryable) {
  return {
    async insert(clientId: string, secret: ClientSecret, value: string): Promise<void> {
      await db.query(
        `INSERT INTO client_secrets (id, client_id, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
        [secret.id, clientId, sha256(value), secret.createdAt, secret.expiresAt],
      )
    },

    /** Lists the secrets that have not expired, oldest first. */
    async list(clientId: string, at: Date): Promise<ClientSecret[]> {
      const { rows } = await db.query<Row>(
        `SELECT id, created_at, expires_at FROM client_secrets
         WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, id`,
        [clientId, at],
      )
      return rows.map((row) => ({ id: row.id, createdAt: row.created_at, expiresAt: row.expires_at }))
    },

    async remove(clientId: string, id: string): Promise<boolean> {
      const { rowCount } = await db.query('DELETE FROM client_secrets WHERE client_id = $1 AND id = $2', [clientId, id])
      return rowCount === 1
    },

    async removeExpired(clientId: string, at: Date): Promise<void> {
      await db.query('DELETE FROM client_secrets WHERE client_id = $1 AND expires_at <= $2', [clientId, at])
    },

    async removeAll(clientId: string): Promise<void> {
      await db.query('DELETE FROM client_secrets WHERE client_id = $1', [clientId])
    },
  }
}
