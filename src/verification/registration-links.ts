/** Ends the links that were mailed for registrations and invitations, when the setting no longer allows those. */
import type { Queryable } from '#database/database.ts'
import type { SettingsValues } from '#settings/settings-schema.ts'
import { createEmailCodeStore } from './email-code/email-code-store.ts'
import { createEmailVerificationStore } from './email-verification/email-verification-store.ts'
import { createInvitationsStore } from './invitation/invitations-store.ts'

type Registrations = Pick<SettingsValues, 'registration'>

/** Runs in the transaction that changes the settings. Password resets stay valid. */
export async function endRegistrationLinks(
  trx: Queryable,
  { before, after }: { readonly before: Registrations; readonly after: Registrations },
): Promise<void> {
  const { mode } = after.registration
  if (mode === before.registration.mode) return
  if (mode === 'off') await createInvitationsStore(trx).endAll()
  if (mode === 'open') return
  await createEmailCodeStore(trx).endRegistrations()
  await createEmailVerificationStore(trx).endRegistrations()
}
