/** Lifts what the deletion of a client leaves, so that its app can come back. */
import type { AuditContext } from '#audit/audit.ts'
import { type ClientChangeDeps, isReadableId, recordAndNotify } from './client-changes.ts'
import { createClientStore } from './client-store.ts'
import { isDocumentId } from './documents/document-id.ts'
import { createDocumentStore } from './documents/document-store.ts'
import { ClientNotBlocked } from './errors.ts'
import { createRefusalStore } from './registration/registration-store.ts'

/**
 * Accepts the document at `id` again, or registrations that are identical with that of the client `id`. Either comes back
 * as a new client, without the consents of before. The ids that an administrator gave stay unused.
 */
export async function unblockClient(deps: ClientChangeDeps, id: string, by: AuditContext): Promise<void> {
  if (!isReadableId(id)) throw new ClientNotBlocked(id)
  await deps.db.transaction(async (trx) => {
    const isBlocked = isDocumentId(id)
      ? await createClientStore(trx).forgetDeletion(id)
      : await createRefusalStore(trx).forget(id)
    if (!isBlocked) throw new ClientNotBlocked(id)
    // the refusal of the deleted client is remembered for a while
    await createDocumentStore(trx).expire(id, deps.clock.now())
    await recordAndNotify(deps, trx, { type: 'client.unblocked', by, id })
  })
}
