/** Makes the account of somebody who has proven an e-mail address: nobody can take the address of another. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Settings } from '#settings/settings.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { VerificationHandle, EmailVerifications } from './email-verification/email-verification.ts'

/** Where the link of a registration leads, in whatever browser. */
export const REGISTRATION_PATH = '/confirm-email'

export interface NewPerson {
  readonly name: string
  readonly password: string
  /** The language that they read the page in; becomes the claim `locale`. */
  readonly language: string
}

export interface Registration {
  /** Whether anybody may make an account: a setting, and mail that leaves. */
  isOpen(): boolean
  /**
   * Undefined where the proof is spent or over. Throws AccountInvalid (name) and PasswordInvalid, after which the
   * person may try again; AccountExists where the address was taken meanwhile; SignInBusy. Audits account.created, by
   * the account itself.
   */
  create(handle: VerificationHandle, person: NewPerson, by: AuditContext): Promise<Account | undefined>
}

export interface RegistrationDeps {
  readonly accounts: Pick<Accounts, 'create'>
  readonly passwords: Pick<Passwords, 'prepare'>
  readonly settings: Pick<Settings, 'current'>
  readonly emailVerifications: EmailVerifications
}

/** Undoes the transaction of an account whose proof somebody else has spent. */
class VerificationSpent extends Error {}

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
            if (!(await emailVerifications.finish(trx, handle, verification))) throw new VerificationSpent()
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
