/** The caller of the admin API, and the check that callers do not gain rights through another client. */
import type { Actor } from '#audit/audit.ts'
import type { Allowance } from '#clients/client.ts'
import { insufficientScope } from './errors.ts'

/** The actor behind a request: a client on its own behalf, or a person through a client. */
export type AdminActor =
  | { readonly kind: 'client'; readonly clientId: string }
  | { readonly kind: 'person'; readonly accountId: string }

export interface Caller {
  readonly actor: AdminActor
  /** The client that the access token was issued to. */
  readonly clientId: string
  /** The scopes of the admin API that this request may use. */
  readonly scopes: readonly string[]
}

/** Returns the actor in the form of audit events. */
export function auditActorOf(actor: AdminActor): Actor {
  return actor.kind === 'person' ? { kind: 'account', id: actor.accountId } : { kind: 'client', id: actor.clientId }
}

/**
 * Checks that the caller has every scope of the admin API that the allowances contain. Without this check, a caller
 * could gain rights by creating, changing or taking over another client. Throws AdminError `insufficient_scope` 403,
 * which names the missing scopes.
 */
export function requireRightsOf(caller: Caller, adminResource: string, allowances: readonly Allowance[]): void {
  const held = allowances.filter(({ resource }) => resource === adminResource).flatMap(({ scopes }) => scopes)
  const missing = held.filter((scope) => !caller.scopes.includes(scope))
  if (missing.length === 0) return
  const scope = missing.join(' ')
  throw insufficientScope(scope, `This client has rights in the admin API that the access token lacks: ${scope}.`)
}
