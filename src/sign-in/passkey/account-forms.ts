/** Handles the passkey forms, on any page that shows them. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import { CREDENTIAL_FIELD } from './parts.ts'
import type { Passkeys, Within } from './passkey.ts'

export type PasskeyChange = 'added' | 'renamed' | 'removed'

export interface PasskeyFormContext {
  readonly account: Pick<Account, 'id'>
  /** Names the session that the registration options were made for. */
  readonly binding: string
  readonly by: AuditContext
  /** Returns a function that runs in the transaction that adds or removes a passkey, for example to send a notice. */
  readonly within?: (change: PasskeyChange) => Within
}

/**
 * Adds, renames or removes a passkey, as a form of `passkeyAddition` or `passkeyList` asks. Returns undefined if the
 * form asks for none of these. The caller must first check the form's origin and that the proof is recent. Throws the
 * errors of Passkeys.
 */
export async function answerPasskeyForm(
  passkeys: Pick<Passkeys, 'register' | 'rename' | 'remove'>,
  form: Pick<Form, 'one'>,
  { account, binding, by, within }: PasskeyFormContext,
): Promise<PasskeyChange | undefined> {
  const [id, name] = [form.one('id') ?? '', form.one('name') ?? '']
  switch (form.one('passkey')) {
    case 'add': {
      const made = { credential: form.one(CREDENTIAL_FIELD), binding, name }
      await passkeys.register(account, made, by, within?.('added'))
      return 'added'
    }
    case 'rename':
      await passkeys.rename(account.id, { id, name }, by)
      return 'renamed'
    case 'remove':
      await passkeys.remove(account.id, id, by, within?.('removed'))
      return 'removed'
    default:
      return undefined
  }
}
