/** Who calls the admin API, and what they may hand on to others. */
import type { Actor } from '#audit/audit.ts'
import type { Allowance } from '#clients/client.ts'
import { AdminError } from './errors.ts'

/** Who acts through the admin API: a client for itself, or a person through a client. */
export type AdminActor =
  | { readonly kind: 'client'; readonly clientId: string }
  | { readonly kind: 'person'; readonly accountId: string }

export interface Caller {
  readonly actor: AdminActor
  /** The client that the access token was issued to. */
  readonly clientId: string
  /** The scopes of the admin API that this request was made with. */
  readonly scopes: readonly string[]
}

/** The actor as audit events name it. */
export function auditActorOf(actor: AdminActor): Actor {
  return actor.kind === 'person' ? { kind: 'account', id: actor.accountId } : { kind: 'client', id: actor.clientId }
}

/**
 * Nobody comes to more rights through another client: whoever makes, changes or takes over one that may use the admin
 * API needs each of its scopes. Throws AdminError `insufficient_scope` 403, which names those missing.
 */
export function requireRightsOf(caller: Caller, adminResource: string, allowances: readonly Allowance[]): void {
  const held = allowances.filter(({ resource }) => resource === adminResource).flatMap(({ scopes }) => scopes)
  const missing = held.filter((scope) => !caller.scopes.includes(scope))
  if (missing.length === 0) return
  const scope = missing.join(' ')
  throw new AdminError(
    'insufficient_scope',
    `This client has rights in the admin API that the access token lacks: ${scope}.`,
    // RFC 6750 §3.1
    { headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` } },
  )
}
