/** SQL for backchannel authentication requests (CIBA) by the person of whom they ask something. */
import type { Queryable } from '#database/database.ts'
import type { ArtefactRow } from '../../adapter/artefact-store.ts'
import type { ModelName } from '../../adapter/models.ts'
import type { Payload } from '../../adapter/sealing.ts'
import { UNDECIDED } from '../../adapter/waiting-store.ts'

/** The engine's model. */
export const REQUEST: ModelName = 'BackchannelAuthenticationRequest'

const KIND = `kind = '${REQUEST}'`
const WAITING = `${KIND} AND ${UNDECIDED}`

/** How many requests there may be. */
export interface RequestLimits {
  /** Of those that wait for one person. */
  readonly waiting: number
  /** Of one client for one person within an hour, so that no client uses up what others need. */
  readonly hourly: number
  /** Of those of one client that wait for anybody. */
  readonly ofClient: number
}

export interface StoredRequest {
  readonly id: Buffer
  readonly payload: Payload
  readonly sealed: Buffer | null
  readonly accountId: string
  readonly clientId: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

const COLUMNS =
  'id, payload, sealed, account_id AS "accountId", client_id AS "clientId", created_at AS "createdAt", expires_at AS "expiresAt"'

/**
 * The statement counts after the lock, so that requests for one person at the same time do not exceed the limits. The
 * limit of a client is not as exact.
 */
const ADD = `
  WITH counted AS (
    SELECT count(*) FILTER (WHERE ${UNDECIDED})::int AS waiting, count(*) FILTER (WHERE client_id = $5)::int AS hourly,
      (SELECT count(*)::int FROM (SELECT FROM artefacts WHERE ${WAITING} AND client_id = $5 LIMIT $9) AS own) AS of_client
    FROM artefacts WHERE ${KIND} AND account_id = $4 AND created_at > now() - interval '1 hour'
  ), stored AS (
    INSERT INTO artefacts (kind, id, payload, sealed, account_id, client_id, expires_at)
    SELECT '${REQUEST}', $1, $2, $3, $4, $5, now() + make_interval(secs => $6) FROM counted
    WHERE waiting < $7 AND hourly < $8 AND of_client < $9
  )
  SELECT waiting, hourly, of_client AS "ofClient" FROM counted`

export function createApprovalStore(db: Queryable) {
  async function select(condition: string, values: unknown[]): Promise<StoredRequest[]> {
    const { rows } = await db.query<StoredRequest>(`SELECT ${COLUMNS} FROM artefacts WHERE ${condition}`, values)
    return rows
  }

  return {
    /**
     * Stores a request, in a transaction. Returns the limit that it exceeds, and stores nothing then. Does the same for a
     * person who exists and for one who does not.
     */
    async add(row: ArtefactRow, limits: RequestLimits): Promise<keyof RequestLimits | undefined> {
      await db.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${REQUEST} ${row.accountId}`])
      const { id, payload, sealed, accountId, clientId, ttlSeconds } = row
      const { rows } = await db.query<RequestLimits>(ADD, [
        id,
        JSON.stringify(payload),
        sealed,
        accountId,
        clientId,
        ttlSeconds,
        limits.waiting,
        limits.hourly,
        limits.ofClient,
      ])
      const names = ['waiting', 'hourly', 'ofClient'] as const
      return names.find((name) => (rows[0]?.[name] ?? 0) >= limits[name])
    },
    /** Returns the requests that wait for a person, newest first. */
    list: (accountId: string) => select(`${WAITING} AND account_id = $1 ORDER BY created_at DESC, id`, [accountId]),
    /** Returns one of them. */
    async find(accountId: string, id: Buffer): Promise<StoredRequest | undefined> {
      return (await select(`${WAITING} AND account_id = $1 AND id = $2`, [accountId, id]))[0]
    },
    /** Refuses all requests that wait for a person. Returns them. */
    async refuseAll(accountId: string): Promise<{ id: Buffer; clientId: string }[]> {
      const { rows } = await db.query<{ id: Buffer; clientId: string }>(
        `UPDATE artefacts SET payload = payload || '{"error": "access_denied"}'
         WHERE ${WAITING} AND account_id = $1 RETURNING id, client_id AS "clientId"`,
        [accountId],
      )
      return rows
    },
    /** Removes all requests of a client, whatever became of them. */
    async removeOf(clientId: string): Promise<void> {
      await db.query(`DELETE FROM artefacts WHERE ${KIND} AND client_id = $1`, [clientId])
    },
  }
}
