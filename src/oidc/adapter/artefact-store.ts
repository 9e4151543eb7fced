/** SQL for codes, tokens, interactions and other artefacts. Each consumption is one conditional statement. */
import { auditInsertSelect, auditRecordset } from '#audit/audit-store.ts'
import type { AuditEvent } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { ModelName } from './models.ts'
import type { Payload } from './sealing.ts'

export interface ArtefactRow {
  readonly kind: ModelName
  readonly id: Buffer
  readonly payload: Payload
  readonly sealed: Buffer | null
  readonly grantId: string | null
  readonly accountId: string | null
  readonly clientId: string | null
  readonly userCode: Buffer | null
  readonly ttlSeconds: number | null
}

export interface StoredArtefact {
  readonly id: Buffer
  readonly payload: Payload
  readonly sealed: Buffer | null
  /** Seconds left by the database's clock; null: does not expire. */
  readonly remainingSeconds: number | null
  /** Seconds since the first use by the database's clock; null: unused. */
  readonly consumedSeconds: number | null
  readonly successor: Buffer | null
  /** Its grant, read in the same statement. */
  readonly grant: {
    readonly id: string
    readonly payload: Payload
    readonly remainingSeconds: number | null
    readonly statusIndex: string
  } | null
}

interface Found {
  id: Buffer
  payload: Payload
  sealed: Buffer | null
  remaining: number | null
  consumed: number | null
  successor: Buffer | null
  grant_id: string | null
  grant_payload: Payload | null
  grant_remaining: number | null
  status_index: string | null
}

const COLUMNS = `a.id, a.payload, a.sealed, a.successor,
  extract(epoch FROM a.expires_at - now())::float8 AS remaining,
  extract(epoch FROM now() - a.consumed_at)::float8 AS consumed,
  g.id AS grant_id, g.payload AS grant_payload,
  extract(epoch FROM g.expires_at - now())::float8 AS grant_remaining, g.status_index`

export interface ArtefactStore {
  find(kind: ModelName, id: Buffer): Promise<StoredArtefact | undefined>
  findByUserCode(kind: ModelName, userCode: Buffer): Promise<StoredArtefact | undefined>
  /** Inserts a row, or replaces the payload and expiry of an existing one. Does not change `consumed_at`. */
  put(row: ArtefactRow): Promise<void>
  /** Replaces the payload and expiry of an unconsumed row. Returns false when there is none. */
  replace(row: ArtefactRow): Promise<boolean>
  /** Marks a row as used. Returns true for exactly one caller. */
  consume(kind: ModelName, id: Buffer): Promise<boolean>
  /** The same, and removes its content. */
  empty(kind: ModelName, id: Buffer): Promise<boolean>
  /** Removes a row. Records the events only if it existed. */
  remove(kind: ModelName, id: Buffer, events: readonly AuditEvent[]): Promise<void>
}

const REMOVE = `
  WITH gone AS (DELETE FROM artefacts WHERE kind = $1 AND id = $2 RETURNING 1)
  ${auditInsertSelect('$3', { from: 'gone' })}`

const EMPTIED = ", payload = '{}', sealed = NULL"

export function createArtefactStore(db: Queryable): ArtefactStore {
  async function use(kind: ModelName, id: Buffer, also = ''): Promise<boolean> {
    const { rowCount } = await db.query(
      `UPDATE artefacts SET consumed_at = now()${also} WHERE kind = $1 AND id = $2 AND consumed_at IS NULL`,
      [kind, id],
    )
    return rowCount === 1
  }

  async function findWhere(condition: string, values: unknown[]): Promise<StoredArtefact | undefined> {
    const { rows } = await db.query<Found>(
      `SELECT ${COLUMNS} FROM artefacts a LEFT JOIN grants g ON g.id = a.grant_id WHERE ${condition}`,
      values,
    )
    return rows[0] === undefined ? undefined : fromRow(rows[0])
  }

  return {
    find: (kind, id) => findWhere('a.kind = $1 AND a.id = $2', [kind, id]),
    findByUserCode: (kind, userCode) => findWhere('a.kind = $1 AND a.user_code = $2', [kind, userCode]),
    async put(row) {
      await db.query(
        `INSERT INTO artefacts AS a (kind, id, payload, sealed, grant_id, account_id, client_id, user_code, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9))
         ON CONFLICT (kind, id) DO UPDATE SET payload = excluded.payload, sealed = excluded.sealed,
           grant_id = excluded.grant_id, account_id = excluded.account_id, expires_at = excluded.expires_at`,
        values(row),
      )
    },
    async replace(row) {
      const { rowCount } = await db.query(
        `UPDATE artefacts SET payload = $3, sealed = $4, grant_id = $5, account_id = $6, client_id = $7,
           user_code = $8, expires_at = now() + make_interval(secs => $9)
         WHERE kind = $1 AND id = $2 AND consumed_at IS NULL`,
        values(row),
      )
      return rowCount === 1
    },
    consume: (kind, id) => use(kind, id),
    empty: (kind, id) => use(kind, id, EMPTIED),
    async remove(kind, id, events) {
      await db.query(REMOVE, [kind, id, auditRecordset(events)])
    },
  }
}

function values(row: ArtefactRow): unknown[] {
  const { kind, id, payload, sealed, grantId, accountId, clientId, userCode, ttlSeconds } = row
  return [kind, id, JSON.stringify(payload), sealed, grantId, accountId, clientId, userCode, ttlSeconds]
}

function fromRow(row: Found): StoredArtefact {
  return {
    id: row.id,
    payload: row.payload,
    sealed: row.sealed,
    remainingSeconds: row.remaining,
    consumedSeconds: row.consumed,
    successor: row.successor,
    grant: grantOf(row),
  }
}

function grantOf(row: Found): StoredArtefact['grant'] {
  const { grant_id: id, grant_payload: payload, grant_remaining: remainingSeconds, status_index: statusIndex } = row
  return id === null || payload === null || statusIndex === null ? null : { id, payload, remainingSeconds, statusIndex }
}
