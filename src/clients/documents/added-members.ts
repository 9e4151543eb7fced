/** Which metadata of a client document an administrator can add. All else is what the document says. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Client, ClientInput } from '../client.ts'
import { ID_TOKEN_CLAIMS } from '../id-token-claims.ts'

/** Whether a member of a client document comes from an administrator. */
export function isAdded(name: string): boolean {
  return name.startsWith('signet_') && name !== ID_TOKEN_CLAIMS
}

/** Refuses changes of what the document says: the next fetch would undo them. The same value may be sent back. */
export function refuseDocumentMembers(input: Partial<ClientInput>, before: Client, faults: Fault[]): void {
  const present: Record<string, unknown> = { ...before.metadata, scope: before.openidScopes.join(' ') }
  const expected = `what the document at ${before.id} says: change it there`
  for (const [field, given] of Object.entries(input.metadata ?? {})) {
    if (isAdded(field) || JSON.stringify(given) === JSON.stringify(present[field])) continue
    faults.push({ field, given: shown(given), expected })
  }
  if (input.profile !== undefined && input.profile !== before.profile) {
    faults.push({ field: 'signet_profile', given: shown(input.profile), expected: before.profile })
  }
}
