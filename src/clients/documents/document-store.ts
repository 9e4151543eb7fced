/** The SQL of the table `client_documents`: what all nodes know of the documents behind client ids. */
import type { Queryable } from '#database/database.ts'
import type { Validators } from './fetch-document.ts'

/** What the last fetch of a document was like. */
export interface DocumentState extends Validators {
  /** When a valid document was last received or confirmed; null if there never was one. */
  readonly fetchedAt: Date | null
  readonly attemptedAt: Date
  /** From then on it is fetched again. While a node fetches, the time at which another one may try. */
  readonly nextAt: Date
  /** Why the last attempt failed, for administrators; null when it succeeded or is under way. */
  readonly error: string | null
  /** What is wrong with the document, for everyone; null when it could not be fetched. */
  readonly faults: string | null
  /** When its redirect URIs, name or keys last changed: earlier consent no longer counts. */
  readonly consentSince: Date | null
}

/** The right of one node to fetch a document, and what the last fetch left. */
export interface Claim extends Validators {
  readonly id: string
  readonly attemptedAt: Date
}

const COLUMNS = `etag, last_modified AS "lastModified", fetched_at AS "fetchedAt", attempted_at AS "attemptedAt",
  next_at AS "nextAt", error, faults, consent_since AS "consentSince"`

/** Of all nodes that ask at once, one gets a row back. */
const CLAIM = `INSERT INTO client_documents AS d (id, attempted_at, next_at) VALUES ($1, $2, $3)
  ON CONFLICT (id) DO UPDATE SET attempted_at = excluded.attempted_at, next_at = excluded.next_at,
    error = NULL, faults = NULL
  WHERE d.next_at <= excluded.attempted_at
  RETURNING id, attempted_at AS "attemptedAt", etag, last_modified AS "lastModified"`
/** Only while the claim is still ours: a fetch that took too long must not replace the result of a later one. */
const FETCHED = `UPDATE client_documents SET fetched_at = attempted_at, next_at = $3, etag = $4, last_modified = $5,
    error = NULL, faults = NULL, consent_since = CASE WHEN $6::boolean THEN now() ELSE consent_since END
  WHERE id = $1 AND attempted_at = $2`
const FAILED = `UPDATE client_documents SET next_at = $3, error = $4, faults = $5 WHERE id = $1 AND attempted_at = $2`
/**
 * A document of which nobody has allowed anything goes a day after it was last asked for. Its client goes with it, but
 * not one that an administrator has changed.
 */
const UNUSED = `SELECT d.id FROM client_documents d LEFT JOIN clients c ON c.id = d.id
  WHERE d.attempted_at < $1
    AND NOT EXISTS (SELECT FROM consents WHERE client_id = d.id)
    AND NOT EXISTS (SELECT FROM grants WHERE client_id = d.id)
    AND (c.id IS NULL OR (c.status = 'enabled'
      AND NOT EXISTS (SELECT FROM client_allowances a WHERE a.client_id = c.id)
      AND NOT EXISTS (SELECT FROM client_keys k WHERE k.client_id = c.id AND k.revoked_at IS NOT NULL)))
  ORDER BY d.attempted_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED`

/** Statements on `db`, which is the pool or a transaction. */
export function createDocumentStore(db: Queryable) {
  return {
    async read(id: string): Promise<DocumentState | undefined> {
      const { rows } = await db.query<DocumentState>(`SELECT ${COLUMNS} FROM client_documents WHERE id = $1`, [id])
      return rows[0]
    },

    /** Claims the fetch of a document that is due. Undefined when it is not, or when another node has it. */
    async claim(id: string, at: Date, until: Date): Promise<Claim | undefined> {
      const { rows } = await db.query<Claim>(CLAIM, [id, at, until])
      return rows[0]
    },

    /** Makes the document due now. False when there is none. */
    async expire(id: string, at: Date): Promise<boolean> {
      return (await db.query('UPDATE client_documents SET next_at = $2 WHERE id = $1', [id, at])).rowCount === 1
    },

    /** False when another node has the claim by now. `asksAnew`: earlier consent no longer counts. */
    async fetched(
      { id, attemptedAt }: Claim,
      { freshUntil, etag, lastModified, asksAnew }: Validators & { freshUntil: Date; asksAnew: boolean },
    ): Promise<boolean> {
      const values = [id, attemptedAt, freshUntil, etag, lastModified, asksAnew]
      return (await db.query(FETCHED, values)).rowCount === 1
    },

    async failed(
      { id, attemptedAt }: Claim,
      { nextAt, error, faults }: { nextAt: Date; error: string; faults: string | null },
    ): Promise<void> {
      await db.query(FAILED, [id, attemptedAt, nextAt, error.slice(0, 500), faults?.slice(0, 1000) ?? null])
    },

    /** Removes documents that were last asked for before `before` and are of no use, and returns their ids. */
    async removeUnused(before: Date, limit: number): Promise<string[]> {
      const { rows } = await db.query<{ id: string }>(
        `WITH unused AS (${UNUSED}), gone AS (DELETE FROM clients WHERE id IN (SELECT id FROM unused) AND origin = 'document')
         DELETE FROM client_documents WHERE id IN (SELECT id FROM unused) RETURNING id`,
        [before, limit],
      )
      return rows.map(({ id }) => id)
    },
  }
}
