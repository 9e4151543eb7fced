/** The audit log as other rooms use it: the shapes of events, and the service that records and lists them. */
import type { Queryable } from '#database/database.ts'
import type { AuditEventType, AuditFields } from './events.ts'

/** Who acts. `id` is an account or client id; `system` is the server, or its command line on the same machine. */
export interface Actor {
  readonly kind: 'account' | 'client' | 'system' | 'anonymous'
  readonly id?: string
}

/** Who makes a change, from which address and in which request. Every change takes one. */
export interface AuditContext {
  readonly actor: Actor
  readonly address?: string
  readonly requestId?: string
  /** The id that the caller gave its request (`X-Request-Id`). */
  readonly callerRequestId?: string
}

export const SYSTEM: AuditContext = { actor: { kind: 'system' } }

/** What every event has in addition to its type and detail. */
interface AuditOccurrence extends AuditContext {
  readonly outcome: 'success' | 'failure'
  /** The object of the event: an account, client, resource, key, session or grant. */
  readonly subject?: { readonly kind: string; readonly id: string }
  readonly clientId?: string
  readonly accountId?: string
  /** Why a failed action was refused, in a word or a sentence. Never contains a secret. */
  readonly reason?: string
}

/** An event of the catalogue (`events.ts`), with the detail of its type. Never contains a secret, token or code. */
export type AuditEvent<Type extends AuditEventType = AuditEventType> = AuditOccurrence & AuditFields<Type>

/** An event as stored. An older release may have written other fields. */
export interface StoredAuditEvent extends AuditOccurrence {
  /** A decimal number that increases over time. */
  readonly id: string
  readonly at: Date
  readonly type: AuditEventType
  readonly detail?: Readonly<Record<string, unknown>>
}

export interface AuditQuery {
  readonly limit: number
  /** Lists only events with a smaller `id`: the cursor of the next page. */
  readonly before?: string
  readonly type?: string
  /** Matches any of these types. */
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
  /** Records an event, and resolves when it is committed. Concurrent events share one statement. */
  record(event: AuditEvent): Promise<void>
  /** Records an event in the transaction of the change that it describes. */
  recordIn(trx: Queryable, event: AuditEvent): Promise<void>
  /** Returns the events to record in full; counts further refusals of the same kind within a minute. */
  thin(events: readonly AuditEvent[]): readonly AuditEvent[]
  /** Records the counts of refusals of past minutes, or `all`. Returns how many, or undefined when there were none. */
  recordCounts(all: boolean): Promise<{ counts: number } | undefined>
  /** Lists events, newest first. */
  list(query: AuditQuery): Promise<StoredAuditEvent[]>
}
