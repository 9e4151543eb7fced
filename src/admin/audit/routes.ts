/** Routes `/audit`: the audit log, newest first. */
import type { Audit } from '#audit/audit.ts'
import { route, type Route } from '../route.ts'
import { auditPage, auditQuery, toAuditDocument, toAuditQuery } from './schema.ts'

export function auditRoutes({ audit }: { audit: Pick<Audit, 'list'> }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/audit',
      operationId: 'listAuditEvents',
      tag: 'Audit',
      summary: 'List audit events, newest first',
      scope: 'audit:read',
      query: auditQuery,
      answer: { status: 200, description: 'A page of events.', schema: auditPage },
      async handle({ query }) {
        const asked = toAuditQuery(query)
        const found = await audit.list(asked)
        const items = found.slice(0, asked.limit - 1)
        const last = found.length > items.length ? items.at(-1) : undefined
        return { body: { items: items.map(toAuditDocument), next_cursor: last?.id ?? null } }
      },
    }),
  ]
}
