/** What rooms see of the audit log. */
import type { Queryable } from '#database/database.ts'
import type { AuditEventType, AuditFields } from './events.ts'

/** Who acts. `id` is a subject or client id; `system` is the server or its command line, on the machine itself. */
export interface Actor {
  readonly kind: 'account' | 'client' | 'system' | 'anonymous'
  readonly id?: string
}

/** On whose behalf, from where and in which request something is done. Handed to every change. */
export interface AuditContext {
  readonly actor: Actor
  readonly address?: string
  readonly requestId?: string
}

export const SYSTEM: AuditContext = { actor: { kind: 'system' } }

/** What every event says besides its type and detail. */
interface AuditOccurrence extends AuditContext {
  readonly outcome: 'success' | 'failure'
  /** What it was done to: an account, client, resource, key, session or grant. */
  readonly subject?: { readonly kind: string; readonly id: string }
  readonly clientId?: string
  readonly accountId?: string
  /** For a failure: the rule that refused, in a word or a sentence. Never a secret. */
  readonly reason?: string
}

/** An event of the catalogue (`events.ts`), with the detail that its type has. Never a secret, token or code. */
export type AuditEvent<Type extends AuditEventType = AuditEventType> = AuditOccurrence & AuditFields<Type>

/** As it was read: an older release may have written other fields. */
export interface StoredAuditEvent extends AuditOccurrence {
  /** A decimal number that grows with time. */
  readonly id: string
  readonly at: Date
  readonly type: AuditEventType
  readonly detail?: Readonly<Record<string, unknown>>
}

export interface AuditQuery {
  readonly limit: number
  /** The `id` to go on before: the list is newest first. */
  readonly before?: string
  readonly type?: string
  /** Any of these. */
  readonly types?: readonly string[]
  readonly actor?: string
  readonly subject?: string
  readonly clientId?: string
  readonly accountId?: string
  readonly outcome?: string
  readonly since?: Date
  readonly until?: Date
}

export interface Audit {
  /** Resolves when the event is committed; concurrent events share one statement. */
  record(event: AuditEvent): Promise<void>
  /** Writes the event in the transaction of what it tells. */
  recordIn(trx: Queryable, event: AuditEvent): Promise<void>
  /** Newest first. */
  list(query: AuditQuery): Promise<StoredAuditEvent[]>
}
