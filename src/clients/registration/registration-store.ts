/** The SQL of the tables `client_registrations` and `refused_registrations`. */
import type { Queryable } from '#database/database.ts'
import type { Client } from '../client.ts'
import type { RegistrationPolicy } from './policy.ts'

export interface StoredRegistration {
  readonly clientId: string
  readonly tokenDigest: Buffer | null
  readonly initialAccessToken: string | null
  readonly policy: RegistrationPolicy
}

export interface NewRegistration extends StoredRegistration {
  readonly metadataDigest: Buffer | null
}

/** What the collection needs to know of a client that nobody used. */
export type UnusedClient = Pick<Client, 'id' | 'origin' | 'profile'> & { readonly name: string | undefined }

const INSERT = `INSERT INTO client_registrations
    (client_id, token_digest, metadata_digest, initial_access_token, policy, last_used_at)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (metadata_digest) DO NOTHING`
const REUSE = `UPDATE client_registrations SET last_used_at = greatest(last_used_at, $2) WHERE metadata_digest = $1
  RETURNING client_id`
/** Locks the rows in one order, so that two nodes that write at the same time do not deadlock. */
const USED = `WITH used AS (
    SELECT r.client_id, u.used_at FROM client_registrations r
    JOIN jsonb_to_recordset($1::jsonb) AS u (client_id text, used_at timestamptz) USING (client_id)
    ORDER BY r.client_id FOR UPDATE OF r)
  UPDATE client_registrations r SET last_used_at = greatest(r.last_used_at, used.used_at)
  FROM used WHERE r.client_id = used.client_id`
const UNUSED = `SELECT c.id, c.origin, c.profile, c.metadata->>'client_name' AS name
  FROM client_registrations r JOIN clients c ON c.id = r.client_id
  WHERE r.initial_access_token IS NULL AND r.last_used_at < $1
  ORDER BY r.last_used_at LIMIT $2 FOR UPDATE OF c, r SKIP LOCKED`
const REFUSE = `INSERT INTO refused_registrations (metadata_digest, refused_at, client_id)
  SELECT metadata_digest, $2, client_id FROM client_registrations WHERE client_id = $1 AND metadata_digest IS NOT NULL
  ON CONFLICT DO NOTHING`

/** Statements on `db`, which is the pool or a transaction. */
export function createRegistrationStore(db: Queryable) {
  const changesOne = async (text: string, values: readonly unknown[]) => (await db.query(text, values)).rowCount === 1

  return {
    /** False when another client has the same metadata digest. Waits for one that is just being registered. */
    insert: ({ clientId, tokenDigest, metadataDigest, initialAccessToken, policy }: NewRegistration, at: Date) =>
      changesOne(INSERT, [clientId, tokenDigest, metadataDigest, initialAccessToken, JSON.stringify(policy), at]),

    /** Returns the id of the client that an identical registration got, and counts it as used. */
    async reuse(metadataDigest: Buffer, at: Date): Promise<string | undefined> {
      const { rows } = await db.query<{ client_id: string }>(REUSE, [metadataDigest, at])
      return rows[0]?.client_id
    },

    async find(clientId: string): Promise<StoredRegistration | undefined> {
      const { rows } = await db.query<StoredRegistration>(
        `SELECT client_id AS "clientId", token_digest AS "tokenDigest", initial_access_token AS "initialAccessToken",
           policy FROM client_registrations WHERE client_id = $1`,
        [clientId],
      )
      return rows[0]
    },

    /** False when the client is gone or its token is no longer `before`. */
    rotate: (
      clientId: string,
      { before, after, policy }: { before: Buffer; after: Buffer; policy: RegistrationPolicy },
    ) =>
      changesOne(
        'UPDATE client_registrations SET token_digest = $3, policy = $4 WHERE client_id = $1 AND token_digest = $2',
        [clientId, before, after, JSON.stringify(policy)],
      ),

    /** False when the client is gone or its token is no longer this one. */
    remove: (clientId: string, tokenDigest: Buffer) =>
      changesOne('DELETE FROM client_registrations WHERE client_id = $1 AND token_digest = $2', [
        clientId,
        tokenDigest,
      ]),

    async used(uses: readonly { readonly clientId: string; readonly at: Date }[]): Promise<void> {
      const records = uses.map(({ clientId, at }) => ({ client_id: clientId, used_at: at }))
      await db.query(USED, [JSON.stringify(records)])
    },

    /** Locks clients of open registration that were not used since `since`, and returns them. */
    async unused(since: Date, limit: number): Promise<UnusedClient[]> {
      const { rows } = await db.query<UnusedClient>(UNUSED, [since, limit])
      return rows.map(({ name, ...client }) => ({ ...client, name: name ?? undefined }))
    },
  }
}

/** What registered clients that an administrator deleted. */
export function createRefusalStore(db: Queryable) {
  const changesSome = async (text: string, values: readonly unknown[]) => (await db.query(text, values)).rowCount > 0

  return {
    /** Refuses registrations that are identical with that of the client, which is about to be deleted. */
    async refuse(clientId: string, at: Date): Promise<void> {
      await db.query(REFUSE, [clientId, at])
    },

    isRefused: (metadataDigest: Buffer) =>
      changesSome('SELECT FROM refused_registrations WHERE metadata_digest = $1', [metadataDigest]),

    /** Lets registrations that are identical with that of a deleted client in again. False when none is refused. */
    forget: (clientId: string) => changesSome('DELETE FROM refused_registrations WHERE client_id = $1', [clientId]),
  }
}
