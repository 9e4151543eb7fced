/** SQL that commits token requests: one statement for a unit of work, and one for a batch of machine tokens. */
import { auditInsertSelect, auditRecordset } from '#audit/audit-store.ts'
import type { AuditEvent } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Reservation } from '../engine/scope/unit-of-work.ts'
import type { ArtefactRow } from './artefact-store.ts'
import type { ModelName } from './models.ts'

export interface TokenCommit {
  readonly reservations: readonly Reservation[]
  readonly consumption: { readonly kind: ModelName; readonly id: Buffer; readonly successor: Buffer | null } | undefined
  /** A row that must still be unconsumed: the successor of a refresh token that was presented again. */
  readonly guard: { readonly kind: ModelName; readonly id: Buffer } | undefined
  /** A refresh token whose idle time restarts. */
  readonly touch: { readonly id: Buffer; readonly ttlSeconds: number } | undefined
  readonly inserts: readonly ArtefactRow[]
  readonly audit: readonly AuditEvent[]
}

export interface CommitOutcome {
  /** The assertion or proof of this request that was used before (RFC 7523 §3, RFC 9449 §11.1). */
  readonly reused: readonly Reservation[]
  /** Whether the grants exist, the row was unconsumed, and everything that depends on it was written. */
  readonly done: boolean
}

export interface MachineToken {
  readonly reservations: readonly Reservation[]
  readonly audit: readonly AuditEvent[]
}

export interface TokenStore {
  commit(unit: TokenCommit): Promise<CommitOutcome>
  /** Returns the reservations of each item that already existed. Writes the audit events of items with none. */
  reserve(items: readonly MachineToken[]): Promise<(readonly Reservation[])[]>
}

const RESERVE = `INSERT INTO replay_reservations (id, expires_at)
  SELECT id, to_timestamp(expiry) FROM unnest($1::bytea[], $2::float8[]) AS new (id, expiry)
  ON CONFLICT (id) DO NOTHING`

/** Locks grants first, in the same order as the code that ends grants, so that the two do not deadlock. */
const COMMIT = `
  WITH reserved AS (${RESERVE} RETURNING id),
  held AS (SELECT 1 FROM grants WHERE id = ANY($12::text[]) FOR KEY SHARE),
  assertion AS (SELECT (SELECT count(*) FROM reserved) = cardinality($1::bytea[]) AS fresh,
    (SELECT count(*) FROM held) = cardinality($12::text[]) AS granted),
  consumed AS (
    UPDATE artefacts a SET consumed_at = now(), successor = $5 FROM assertion
    WHERE assertion.fresh AND assertion.granted AND a.kind = $3 AND a.id = $4 AND a.consumed_at IS NULL RETURNING 1
  ),
  gate AS (
    SELECT assertion.fresh AND assertion.granted
      AND ($4::bytea IS NULL OR EXISTS (SELECT 1 FROM consumed))
      AND ($7::bytea IS NULL OR EXISTS (
        SELECT 1 FROM artefacts WHERE kind = $6 AND id = $7 AND consumed_at IS NULL)) AS done
    FROM assertion
  ),
  inserted AS (
    INSERT INTO artefacts (kind, id, payload, sealed, grant_id, account_id, client_id, expires_at)
    SELECT n.kind, decode(n.id, 'hex'), n.payload, decode(n.sealed, 'hex'), n.grant_id, n.account_id, n.client_id,
      now() + make_interval(secs => n.ttl)
    FROM gate, jsonb_to_recordset($8::jsonb) AS n(kind text, id text, payload jsonb, sealed text, grant_id text,
      account_id text, client_id text, ttl float8)
    WHERE gate.done
  ),
  touched AS (
    UPDATE artefacts SET expires_at = now() + make_interval(secs => $10) FROM gate
    WHERE gate.done AND kind = 'RefreshToken' AND id = $9 AND consumed_at IS NULL
  ),
  audited AS (${auditInsertSelect('$11', { from: 'gate', where: 'gate.done' })})
  SELECT gate.done, CASE WHEN NOT assertion.fresh THEN ARRAY(SELECT id FROM reserved) END AS reserved
  FROM assertion, gate`

const RESERVE_ALL = `
  WITH reserved AS (${RESERVE} RETURNING id),
  audited AS (${auditInsertSelect('$3', { where: '(SELECT count(*) FROM reserved) = cardinality($1::bytea[])' })})
  SELECT id FROM reserved`

export function createTokenStore(db: Queryable): TokenStore {
  return {
    async commit(unit) {
      const { rows } = await db.query<{ done: boolean; reserved: Buffer[] | null }>(COMMIT, [
        ...reservationArrays(unit.reservations),
        unit.consumption?.kind ?? null,
        unit.consumption?.id ?? null,
        unit.consumption?.successor ?? null,
        unit.guard?.kind ?? null,
        unit.guard?.id ?? null,
        JSON.stringify(unit.inserts.map(insertRecord)),
        unit.touch?.id ?? null,
        unit.touch?.ttlSeconds ?? null,
        auditRecordset(unit.audit),
        grantsOf(unit.inserts),
      ])
      const { done, reserved } = rows[0] as { done: boolean; reserved: Buffer[] | null }
      return { done, reused: reserved === null ? [] : notIn(namesOf(reserved), unit.reservations) }
    },

    async reserve(items) {
      // of two items in a batch with the same assertion, the first one gets it
      const claimed = new Set<string>()
      const second = items.map(({ reservations }) => claim(claimed, reservations))
      const candidates = items.filter((_item, index) => second[index]?.length === 0)
      const reservations = candidates.flatMap((item) => item.reservations)
      const audit = candidates.flatMap((item) => item.audit)
      const { rows } = await db.query<{ id: Buffer }>(RESERVE_ALL, [
        ...reservationArrays(reservations),
        auditRecordset(audit),
      ])
      const inserted = namesOf(rows.map(({ id }) => id))
      const reused = items.map((item, index) => {
        const claimedBefore = second[index] ?? []
        return claimedBefore.length > 0 ? claimedBefore : notIn(inserted, item.reservations)
      })
      // a conflict holds back the events of the whole batch; write those of the other items before any answer
      if (inserted.size < reservations.length) {
        const owed = items.filter((_item, index) => reused[index]?.length === 0).flatMap((item) => item.audit)
        if (owed.length > 0) await db.query(auditInsertSelect('$1'), [auditRecordset(owed)])
      }
      return reused
    },
  }
}

/** Returns two array literals of PostgreSQL. Faster than the driver, which escapes each element with a regex. */
function reservationArrays(reservations: readonly Reservation[]): [string, string] {
  const ids = reservations.map(({ id }) => `"\\\\x${id.toString('hex')}"`)
  const expiries = reservations.map(({ expiresAt }) => expiresAt.getTime() / 1000)
  return [`{${ids.join(',')}}`, `{${expiries.join(',')}}`]
}

function grantsOf(inserts: readonly ArtefactRow[]): string[] {
  return [...new Set(inserts.flatMap(({ grantId }) => (grantId === null ? [] : [grantId])))]
}

/** Returns the reservations that another item of the batch has already claimed. If there are none, claims them all. */
function claim(claimed: Set<string>, reservations: readonly Reservation[]): readonly Reservation[] {
  const taken = reservations.filter(({ id }) => claimed.has(id.toString('hex')))
  if (taken.length === 0) for (const { id } of reservations) claimed.add(id.toString('hex'))
  return taken
}

function namesOf(ids: readonly Buffer[]): ReadonlySet<string> {
  return new Set(ids.map((id) => id.toString('hex')))
}

function notIn(names: ReadonlySet<string>, reservations: readonly Reservation[]): readonly Reservation[] {
  return reservations.filter(({ id }) => !names.has(id.toString('hex')))
}

function insertRecord(row: ArtefactRow): Record<string, unknown> {
  return {
    kind: row.kind,
    id: row.id.toString('hex'),
    payload: row.payload,
    sealed: row.sealed?.toString('hex') ?? null,
    grant_id: row.grantId,
    account_id: row.accountId,
    client_id: row.clientId,
    ttl: row.ttlSeconds,
  }
}
