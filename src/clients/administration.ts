/** Keeps at least one client that can administer the server. */
import type { Queryable } from '#database/database.ts'
import type { Clock } from '#shared/clock.ts'
import { usesKeys, usesSecret } from './auth-methods.ts'
import { presentKeys } from './client-keys.ts'
import { createClientStore } from './client-store.ts'
import type { Client } from './client.ts'
import { LastAdministrator } from './errors.ts'
import { keyThumbprint } from './key-thumbprint.ts'
import { GRANT } from './profiles.ts'

/** The right to change clients: a scope of the resource that is the admin API. */
export interface Administration {
  readonly resource: string
  readonly scope: string
}

/**
 * Throws LastAdministrator when `before` could administer the server, `after` cannot, and no other client can. Called in
 * the transaction after the change. When two transactions each take away one of the last two, the second one is refused.
 */
export async function keepAnAdministrator(
  { administration, clock }: { readonly administration: Administration; readonly clock: Clock },
  trx: Queryable,
  before: Client,
  after: Client | undefined,
): Promise<void> {
  if (!canAdminister(before, administration) || (after && canAdminister(after, administration))) return
  const { resource, scope } = administration
  const allowed = await createClientStore(trx).allowed(resource, scope, clock.now())
  if (!allowed.some((client) => canAdminister(client, administration))) {
    throw new LastAdministrator(before.id, administration)
  }
}

/** Whether the client can get a token with the scope and use it. */
function canAdminister(client: Client, { resource, scope }: Administration): boolean {
  const { status, metadata, allowances } = client
  const grants = metadata.grant_types as readonly string[] | undefined
  return (
    status === 'enabled' &&
    allowances.some((allowance) => allowance.resource === resource && allowance.scopes.includes(scope)) &&
    grants?.includes(GRANT.machine) === true &&
    hasCredential(client)
  )
}

/** Whether the client has a secret, or a key that was not revoked. Keys that were not fetched yet count as one. */
function hasCredential(client: Client): boolean {
  if (usesSecret(client.metadata)) return client.secretDigests.length > 0
  if (!usesKeys(client.metadata)) return true
  const isUnfetched = client.metadata.jwks_uri !== undefined && client.publishedKeys === undefined
  return isUnfetched || presentKeys(client).some((key) => !client.revokedKeys.has(keyThumbprint(key)))
}
