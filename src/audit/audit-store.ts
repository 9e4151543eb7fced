/** The SQL of the audit log, and the parts with which a statement of another room writes its own events. */
import { isSecretName, REDACTED } from '#observability/redaction.ts'
import { AppError } from '#shared/app-error.ts'
import type { Queryable } from '#database/database.ts'
import type { Actor, AuditEvent, AuditQuery, StoredAuditEvent } from './audit.ts'
import type { AuditEventType } from './events.ts'

const MAX_TEXT = 500
const MAX_MEMBERS = 100
const MAX_DEPTH = 5
const MAX_LIMIT = 1000
const BIGINT_DIGITS = /^[0-9]{1,18}$/

/** The columns that an event fills. The database sets `id` and `at`. */
const AUDIT_INSERT_COLUMNS = [
  'type',
  'outcome',
  'actor_kind',
  'actor_id',
  'subject_kind',
  'subject_id',
  'client_id',
  'account_id',
  'address',
  'request_id',
  'caller_request_id',
  'reason',
  'detail',
] as const

type AuditColumn = (typeof AUDIT_INSERT_COLUMNS)[number]
type AuditRow = Record<Exclude<AuditColumn, 'detail'>, string | null> & { detail: unknown }
interface StoredRow extends AuditRow {
  id: string
  at: Date
}

const RECORDSET_TYPES = AUDIT_INSERT_COLUMNS.map((name) => `${name} ${name === 'detail' ? 'jsonb' : 'text'}`).join(', ')

/** 400: the cursor of the query is not valid. */
export class AuditQueryError extends AppError {
  override readonly code = 'invalid_audit_query'
  override readonly status = 400
}

/**
 * Returns the events as the JSON parameter of `auditInsertSelect`. Strings are cut at 500 characters, values that
 * `jsonb` cannot hold are replaced, and members with the name of a secret are redacted. Content therefore never makes
 * the write fail.
 */
export function auditRecordset(events: readonly AuditEvent[]): string {
  return JSON.stringify(events.map(toRow))
}

/**
 * Returns `INSERT INTO audit_events (…) SELECT … FROM jsonb_to_recordset(<paramRef>::jsonb) AS e(…)`, for use as a
 * statement or as a data-modifying CTE. `from` names further relations, and `where` is a condition on them and on `e`.
 *
 * @example auditInsertSelect('$7', { from: 'gate', where: "(e.outcome = 'success') = gate.go" })
 */
export function auditInsertSelect(paramRef: string, join: { from?: string; where?: string } = {}): string {
  const columns = AUDIT_INSERT_COLUMNS.join(', ')
  const selected = AUDIT_INSERT_COLUMNS.map((name) => `e.${name}`).join(', ')
  const further = join.from === undefined ? '' : `, ${join.from}`
  const condition = join.where === undefined ? '' : ` WHERE ${join.where}`
  return (
    `INSERT INTO audit_events (${columns}) ` +
    `SELECT ${selected} FROM jsonb_to_recordset(${paramRef}::jsonb) AS e(${RECORDSET_TYPES})${further}${condition}`
  )
}

const INSERT = auditInsertSelect('$1')

export function createAuditStore(db: Queryable) {
  return {
    /** Inserts any number of events in one statement and one commit. */
    async insert(events: readonly AuditEvent[]): Promise<void> {
      if (events.length > 0) await db.query(INSERT, [auditRecordset(events)])
    },

    /** Lists events, newest first. Uses the primary key, or the index of the account or subject in the query. */
    async list(query: AuditQuery): Promise<StoredAuditEvent[]> {
      const { where, values } = conditions(query)
      values.push(Math.max(1, Math.min(query.limit, MAX_LIMIT)))
      const { rows } = await db.query<StoredRow>(
        `SELECT id, at, ${AUDIT_INSERT_COLUMNS.join(', ')} FROM audit_events ${where} ORDER BY id DESC LIMIT $${values.length}`,
        values,
      )
      return rows.map(fromRow)
    },
  }
}

function conditions(query: AuditQuery): { where: string; values: unknown[] } {
  if (query.before !== undefined && !BIGINT_DIGITS.test(query.before)) {
    throw new AuditQueryError('The cursor is not one that this list gave out.')
  }
  const values: unknown[] = []
  const terms: string[] = []
  const add = (column: string, operator: string, value: string | Date | undefined) => {
    if (value === undefined) return
    values.push(typeof value === 'string' ? storable(value) : value)
    terms.push(`${column} ${operator} $${values.length}`)
  }
  add('id', '<', query.before)
  add('type', '=', query.type)
  if (query.types !== undefined) {
    values.push(query.types.map(storable))
    terms.push(`type = ANY ($${values.length}::text[])`)
  }
  add('actor_id', '=', query.actor)
  add('subject_id', '=', query.subject)
  add('client_id', '=', query.clientId)
  add('account_id', '=', query.accountId)
  add('outcome', '=', query.outcome)
  add('at', '>=', query.since)
  add('at', '<', query.until)
  return { where: terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`, values }
}

function toRow(event: AuditEvent): AuditRow {
  return {
    type: event.type,
    outcome: event.outcome,
    actor_kind: event.actor.kind,
    actor_id: text(event.actor.id),
    subject_kind: text(event.subject?.kind),
    subject_id: text(event.subject?.id),
    client_id: text(event.clientId),
    account_id: text(event.accountId),
    address: text(event.address),
    request_id: text(event.requestId),
    caller_request_id: text(event.callerRequestId),
    reason: text(event.reason),
    detail: event.detail === undefined ? null : plain(event.detail, 0),
  }
}

function fromRow(row: StoredRow): StoredAuditEvent {
  const actor: Actor = { kind: row.actor_kind as Actor['kind'], ...member('id', row.actor_id) }
  return {
    id: row.id,
    at: row.at,
    type: row.type as AuditEventType,
    outcome: row.outcome as StoredAuditEvent['outcome'],
    actor,
    ...(row.subject_kind === null || row.subject_id === null
      ? {}
      : { subject: { kind: row.subject_kind, id: row.subject_id } }),
    ...member('clientId', row.client_id),
    ...member('accountId', row.account_id),
    ...member('address', row.address),
    ...member('requestId', row.request_id),
    ...member('callerRequestId', row.caller_request_id),
    ...member('reason', row.reason),
    ...member('detail', row.detail as Readonly<Record<string, unknown>> | null),
  }
}

function member<Name extends string, Value>(name: Name, value: Value | null): { [K in Name]?: Value } {
  return (value === null ? {} : { [name]: value }) as { [K in Name]?: Value }
}

function text(value: string | undefined): string | null {
  return value === undefined ? null : storable(value)
}

/**
 * Returns a value that PostgreSQL can store: without NUL or lone surrogates, which `text` cannot hold, and of bounded
 * length.
 */
function storable(value: string): string {
  const cut = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
  const formed = cut.isWellFormed() ? cut : cut.toWellFormed()
  return formed.includes('\0') ? formed.replaceAll('\0', '\uFFFD') : formed
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storable(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'boolean') return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return null
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => plain(item, depth + 1))
  const inJwk = 'kty' in value
  const members = Object.entries(value)
    .slice(0, MAX_MEMBERS)
    .map(([name, given]) => [storable(name), isSecretName(name, inJwk) ? REDACTED : plain(given, depth + 1)] as const)
  return Object.fromEntries(members)
}
