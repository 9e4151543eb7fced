/** SQL for browser sessions. The key is the uid; digests of cookie ids point to it. An ended session is a tombstone. */
import type { Queryable } from '#database/database.ts'
import type { Payload } from '../adapter/sealing.ts'

export interface StoredSession {
  readonly uid: string
  readonly payload: Payload
  readonly sealed: Buffer | null
  readonly authorizations: Payload
  readonly remainingSeconds: number
}

export interface SessionWrite {
  readonly uid: string
  readonly accountId: string | null
  readonly payload: Payload
  readonly sealed: Buffer | null
  readonly authorizations: Payload
  /** Clients whose entry this request removed. */
  readonly removedClientIds: readonly string[]
  readonly ttlSeconds: number
  readonly absoluteSeconds: number
  /** Epoch seconds of the sign-in; null before one. */
  readonly signedInAt: number | null
  /** Sealed. Null keeps the stored value. */
  readonly seenFrom: Buffer | null
  readonly id: Buffer
  /** The cookie id that this write replaces, and for how many seconds it stays valid (0: ends at once). */
  readonly replaced: { readonly id: Buffer; readonly seconds: number } | undefined
}

interface Found {
  uid: string
  payload: Payload
  sealed: Buffer | null
  authorizations: Payload
  remaining: number
}

const COLUMNS = `s.uid, s.payload, s.sealed, s.authorizations,
  extract(epoch FROM s.expires_at - now())::float8 AS remaining`
const ALIVE = 's.ended_at IS NULL AND s.expires_at > now()'

export interface SessionStore {
  findById(id: Buffer): Promise<StoredSession | undefined>
  findByUid(uid: string): Promise<StoredSession | undefined>
  /** Merges `authorizations` with the stored ones, by client. Writes nothing to a session that has ended. */
  put(write: SessionWrite): Promise<void>
}

export function createSessionStore(db: Queryable): SessionStore {
  async function findOne(text: string, value: unknown): Promise<StoredSession | undefined> {
    const row = (await db.query<Found>(text, [value])).rows[0]
    if (row === undefined) return undefined
    const { uid, payload, sealed, authorizations, remaining } = row
    return { uid, payload, sealed, authorizations, remainingSeconds: remaining }
  }

  return {
    findById: (id) =>
      findOne(
        `SELECT ${COLUMNS} FROM session_ids i JOIN sessions s ON s.uid = i.uid
         WHERE i.id = $1 AND (i.valid_until IS NULL OR i.valid_until > now()) AND ${ALIVE}`,
        id,
      ),
    findByUid: (uid) => findOne(`SELECT ${COLUMNS} FROM sessions s WHERE s.uid = $1 AND ${ALIVE}`, uid),
    async put(write) {
      await db.query(PUT, [
        write.uid,
        write.accountId,
        JSON.stringify(write.payload),
        write.sealed,
        JSON.stringify(write.authorizations),
        write.removedClientIds,
        write.ttlSeconds,
        write.absoluteSeconds,
        write.signedInAt,
        write.id,
        write.replaced?.id ?? null,
        write.replaced?.seconds ?? 0,
        write.seenFrom,
      ])
    },
  }
}

const PUT = `
  WITH written AS (
    INSERT INTO sessions AS s (uid, account_id, payload, sealed, authorizations, signed_in_at, last_used_at, seen_from, expires_at)
    VALUES ($1, $2, $3, $4, $5, to_timestamp($9), now(), $13,
      least(now() + make_interval(secs => $7), coalesce(to_timestamp($9), now()) + make_interval(secs => $8)))
    ON CONFLICT (uid) DO UPDATE SET
      account_id = excluded.account_id, payload = excluded.payload, sealed = excluded.sealed,
      authorizations = (s.authorizations - $6::text[]) || excluded.authorizations,
      signed_in_at = excluded.signed_in_at, last_used_at = now(),
      seen_from = coalesce(excluded.seen_from, s.seen_from),
      expires_at = least(now() + make_interval(secs => $7),
        coalesce(excluded.signed_in_at, s.created_at) + make_interval(secs => $8))
    WHERE s.ended_at IS NULL
    RETURNING uid
  ), replaced AS (
    UPDATE session_ids SET valid_until = least(valid_until, now() + make_interval(secs => $12))
    WHERE id = $11 AND uid IN (SELECT uid FROM written)
  )
  INSERT INTO session_ids (id, uid) SELECT $10, uid FROM written ON CONFLICT (id) DO NOTHING`
