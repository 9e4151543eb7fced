/**
 * The SQL of the tables `upstream_requests` and `upstream_offers`: what an interaction keeps while its person is at a
 * provider.
 */
import type { Queryable } from '#database/database.ts'

const SECONDS = 10 * 60

export interface StoredRequest {
  readonly stateHash: Buffer
  readonly interactionId: Buffer
  readonly sealed: Buffer
}

export function createRequestStore(db: Queryable) {
  async function sealedOf(text: string, values: readonly unknown[]): Promise<Buffer | undefined> {
    const { rows } = await db.query<{ sealed: Buffer }>(text, values)
    return rows[0]?.sealed
  }

  return {
    async add({ stateHash, interactionId, sealed }: StoredRequest): Promise<void> {
      await db.query(
        `INSERT INTO upstream_requests (state_hash, interaction_id, sealed, expires_at)
         VALUES ($1, $2, $3, statement_timestamp() + make_interval(secs => $4))`,
        [stateHash, interactionId, sealed, SECONDS],
      )
    },

    /** Returns the sealed content of a request, and keeps the request. */
    find: (stateHash: Buffer) => sealedOf('SELECT sealed FROM upstream_requests WHERE state_hash = $1', [stateHash]),

    /**
     * Removes a request and returns its content; undefined when it was used, has expired or belongs to another
     * interaction.
     */
    take: (stateHash: Buffer, interactionId: Buffer) =>
      sealedOf(
        `DELETE FROM upstream_requests
         WHERE state_hash = $1 AND interaction_id = $2 AND expires_at > statement_timestamp() RETURNING sealed`,
        [stateHash, interactionId],
      ),

    /** Stores an offer, in place of an earlier one of the interaction. */
    async offer(interactionId: Buffer, sealed: Buffer): Promise<void> {
      await db.query(
        `INSERT INTO upstream_offers (interaction_id, sealed, expires_at)
         VALUES ($1, $2, statement_timestamp() + make_interval(secs => $3))
         ON CONFLICT (interaction_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at`,
        [interactionId, sealed, SECONDS],
      )
    },

    findOffer: (interactionId: Buffer) =>
      sealedOf('SELECT sealed FROM upstream_offers WHERE interaction_id = $1 AND expires_at > statement_timestamp()', [
        interactionId,
      ]),

    takeOffer: (interactionId: Buffer) =>
      sealedOf(
        `DELETE FROM upstream_offers WHERE interaction_id = $1 AND expires_at > statement_timestamp() RETURNING sealed`,
        [interactionId],
      ),

    removeExpired: () => removeExpired(db),
  }
}

/** Deletes a bounded number of expired rows, and returns how many. */
async function removeExpired(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `WITH requests AS (
       DELETE FROM upstream_requests WHERE state_hash IN (
         SELECT state_hash FROM upstream_requests WHERE expires_at < statement_timestamp()
         LIMIT 1000 FOR UPDATE SKIP LOCKED) RETURNING 1),
     offers AS (
       DELETE FROM upstream_offers WHERE interaction_id IN (
         SELECT interaction_id FROM upstream_offers WHERE expires_at < statement_timestamp()
         LIMIT 1000 FOR UPDATE SKIP LOCKED) RETURNING 1)
     SELECT ((SELECT count(*) FROM requests) + (SELECT count(*) FROM offers))::int AS count`,
  )
  return rows[0]?.count ?? 0
}
