/** Passkeys (WebAuthn Level 3): what the pages see of them. */
import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server'
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Verifier } from '../sign-in-method.ts'

export interface Passkey {
  readonly id: string
  readonly name: string
  /** Whether it may be on several devices of the person: kept by a password manager, not by one piece of hardware. */
  readonly synced: boolean
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
}

/** For `navigator.credentials.get` and `create`, in the JSON form of WebAuthn Level 3 §5.1. */
export type PasskeyRequest = PublicKeyCredentialRequestOptionsJSON
export type PasskeyCreation = PublicKeyCredentialCreationOptionsJSON

/** Runs in the transaction of a change: a notice of it is enqueued there. */
export type Within = (trx: Queryable) => Promise<void>

export interface PasskeyAttempt {
  /** What the browser gave, as JSON text. */
  readonly credential: string | undefined
  /** What the options were made for: an interaction, a session. */
  readonly binding: string
}

/** Errors: PasskeyRefused 422, PasskeyNameInvalid 422, PasskeyKnown and TooManyPasskeys 409, FactorNotFound 404. */
export interface Passkeys extends Verifier<PasskeyAttempt> {
  /** Names no passkey and no account: it is the same for everybody. */
  options(binding: string): PasskeyRequest
  /** For an account that is signed in by a fresh proof. */
  registrationOptions(account: Pick<Account, 'id' | 'email' | 'name'>, binding: string): Promise<PasskeyCreation>
  /** Audits factor.added. */
  register(
    account: Pick<Account, 'id'>,
    made: PasskeyAttempt & { readonly name: string },
    by: AuditContext,
    within?: Within,
  ): Promise<Passkey>
  /** Oldest first. */
  list(accountId: string): Promise<Passkey[]>
  /** Audits factor.renamed. */
  rename(accountId: string, passkey: { readonly id: string; readonly name: string }, by: AuditContext): Promise<void>
  /** Audits factor.removed. */
  remove(accountId: string, id: string, by: AuditContext, within?: Within): Promise<void>
  /** Forgets challenges that nobody can present any more; how many. */
  removeExpired(): Promise<number>
}
