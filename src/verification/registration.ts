/** Creates accounts for people who have proven their e-mail address, so that nobody can register someone else's. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Settings } from '#settings/settings.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import {
  type EmailVerifications,
  type VerificationHandle,
  VerificationSpent,
} from './email-verification/email-verification.ts'

/** The page that the link of a registration opens, in any browser. */
export const REGISTRATION_PATH = '/confirm-email'

export interface NewPerson {
  readonly name: string
  readonly password: string
  /** The language of the page; becomes the claim `locale`. */
  readonly language: string
}

export interface Registration {
  /** Returns whether people may register: the setting allows it and the server can send mail. */
  isOpen(): boolean
  /**
   * Creates the account. Returns undefined if the proof was spent or has expired. Throws AccountInvalid (name) and
   * PasswordInvalid, after which the person may try again, AccountExists if the address was taken meanwhile, and
   * SignInBusy. Audits account.created with the account itself as actor.
   */
  create(handle: VerificationHandle, person: NewPerson, by: AuditContext): Promise<Account | undefined>
}

export interface RegistrationDeps {
  readonly accounts: Pick<Accounts, 'create'>
  readonly passwords: Pick<Passwords, 'prepare'>
  readonly settings: Pick<Settings, 'current'>
  readonly emailVerifications: EmailVerifications
}

export function createRegistration({
  accounts,
  emailVerifications,
  passwords,
  settings,
}: RegistrationDeps): Registration {
  const isOpen = () => settings.current().registration.mode === 'open' && emailVerifications.available
  return {
    isOpen,
    async create(handle, { name, password, language }, by) {
      const verification = await emailVerifications.find(handle, 'register')
      if (!verification?.proven || !isOpen()) return undefined
      const { address: email } = verification
      const store = await passwords.prepare(password, { owner: { email, name } })
      const input = { email, emailVerified: true, name, claims: { locale: language } }
      try {
        return await accounts.create(
          input,
          (accountId) => ({ ...by, actor: { kind: 'account', id: accountId } }),
          async (trx, account) => {
            await emailVerifications.finish(trx, handle, verification)
            await store(trx, account.id)
          },
        )
      } catch (error) {
        if (error instanceof VerificationSpent) return undefined
        throw error
      }
    },
  }
}
