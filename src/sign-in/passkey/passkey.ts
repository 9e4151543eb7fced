/** Defines the interface of passkeys (WebAuthn Level 3) for pages. */
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
  /** Whether a password manager may sync it to several devices; false for a key bound to one device. */
  readonly synced: boolean
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
  /** When it was first refused because it is not as it was when it was made. */
  readonly changedAt: Date | undefined
}

/** Options for `navigator.credentials.get` and `create`, in the JSON form of WebAuthn Level 3 §5.1. */
export type PasskeyRequest = PublicKeyCredentialRequestOptionsJSON
export type PasskeyCreation = PublicKeyCredentialCreationOptionsJSON

/** Runs in the transaction of a change, for example to enqueue a notice. */
export type Within = (trx: Queryable) => Promise<void>

export interface PasskeyAttempt {
  /** The browser's response, as JSON. */
  readonly credential: string | undefined
  /** Names the interaction or session that the options were made for. */
  readonly binding: string
}

/**
 * Errors: PasskeyRefused 422, PasskeyNameInvalid 422, PasskeyKnown and TooManyPasskeys 409, FactorNotFound 404. `verify`
 * throws PasskeyChanged (422) for a passkey whose signature holds, but whose counter went back or whose kind of backup is
 * another.
 */
export interface Passkeys extends Verifier<PasskeyAttempt> {
  /** Returns options to sign in. They name no account or passkey, so they reveal nothing about accounts. */
  options(binding: string): PasskeyRequest
  /** Returns options to register a passkey. The account must have signed in recently. */
  registrationOptions(account: Pick<Account, 'id' | 'email' | 'name'>, binding: string): Promise<PasskeyCreation>
  /** Registers a passkey. Audits factor.added. */
  register(
    account: Pick<Account, 'id'>,
    made: PasskeyAttempt & { readonly name: string },
    by: AuditContext,
    within?: Within,
  ): Promise<Passkey>
  /** Oldest first. */
  list(accountId: string): Promise<Passkey[]>
  /** Renames a passkey. Audits factor.renamed. */
  rename(accountId: string, passkey: { readonly id: string; readonly name: string }, by: AuditContext): Promise<void>
  /** Removes a passkey. Audits factor.removed. */
  remove(accountId: string, id: string, by: AuditContext, within?: Within): Promise<void>
  /** Deletes expired challenges. Returns how many. */
  removeExpired(): Promise<number>
}
