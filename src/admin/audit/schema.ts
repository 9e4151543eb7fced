/** The schemas of an audit event in the admin API, and of the filters of its list. */
import { z } from 'zod'
import type { AuditQuery, StoredAuditEvent } from '#audit/audit.ts'
import { AUDIT_EVENTS, type AuditEventType } from '#audit/events.ts'
import { PAGE_QUERY, pageOf, pageSchema } from '../paging.ts'

const types = Object.keys(AUDIT_EVENTS) as [AuditEventType, ...AuditEventType[]]
const outcome = z.enum(['success', 'failure'])
const id = z.string().min(1).max(1024)

export const auditQuery = z.strictObject({
  ...PAGE_QUERY,
  cursor: z
    .string()
    .regex(/^[0-9]{1,18}$/, 'the next_cursor of the page before')
    .optional(),
  type: z.enum(types).optional(),
  actor: id.optional().meta({ description: 'Who acted: a subject or client id.' }),
  subject: id.optional().meta({ description: 'What it was done to: its id.' }),
  client_id: id.optional(),
  account_id: id.optional(),
  outcome: outcome.optional(),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Not before this time.' }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: 'Before this time.' }),
})

export const auditDocument = z
  .strictObject({
    id: z.string(),
    at: z.iso.datetime(),
    type: z.enum(types),
    outcome,
    actor: z.strictObject({ kind: z.enum(['account', 'client', 'system', 'anonymous']), id: z.string().nullable() }),
    subject: z.strictObject({ kind: z.string(), id: z.string() }).nullable(),
    client_id: z.string().nullable(),
    account_id: z.string().nullable(),
    address: z.string().nullable(),
    request_id: z.string().nullable(),
    caller_request_id: z.string().nullable().meta({ description: 'The `X-Request-Id` that the caller sent.' }),
    reason: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEvent' })

export const auditPage = pageSchema(auditDocument, 'AuditEventPage')

export function toAuditDocument(event: StoredAuditEvent): z.infer<typeof auditDocument> {
  return {
    id: event.id,
    at: event.at.toISOString(),
    type: event.type,
    outcome: event.outcome,
    actor: { kind: event.actor.kind, id: event.actor.id ?? null },
    subject: event.subject ?? null,
    client_id: event.clientId ?? null,
    account_id: event.accountId ?? null,
    address: event.address ?? null,
    request_id: event.requestId ?? null,
    caller_request_id: event.callerRequestId ?? null,
    reason: event.reason ?? null,
    detail: { ...event.detail },
  }
}

/**
 * Returns the room's query for the given filters. It requests one event more than the page, to see whether there is
 * another page.
 */
export function toAuditQuery(query: z.infer<typeof auditQuery>): AuditQuery {
  const { limit } = pageOf(query)
  const filters = {
    before: query.cursor,
    type: query.type,
    actor: query.actor,
    subject: query.subject,
    clientId: query.client_id,
    accountId: query.account_id,
    outcome: query.outcome,
    since: query.since === undefined ? undefined : new Date(query.since),
    until: query.until === undefined ? undefined : new Date(query.until),
  }
  const given = Object.entries(filters).filter(([, value]) => value !== undefined)
  return { limit: limit + 1, ...Object.fromEntries(given) }
}
