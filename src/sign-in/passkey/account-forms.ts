/** What the forms about an account's passkeys ask for, done: whichever page they stand on. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Form } from '#http/body.ts'
import { CREDENTIAL_FIELD } from './parts.ts'
import type { Passkeys, Within } from './passkey.ts'

export type PasskeyChange = 'added' | 'renamed' | 'removed'

export interface PasskeyFormContext {
  readonly account: Pick<Account, 'id'>
  /** What the registration options were made for: the session. */
  readonly binding: string
  readonly by: AuditContext
  /** Runs in the transaction in which a passkey comes or goes: the notice of it. */
  readonly within?: (change: PasskeyChange) => Within
}

/**
 * Does what a form of `passkeyAddition` or `passkeyList` asks, after the caller has checked where the form comes from
 * and that the proof of the person is fresh. `undefined`: it asks nothing. Throws what Passkeys throws.
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
