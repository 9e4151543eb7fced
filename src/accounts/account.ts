/**
 * The shape of a person's account, and the interface of the service that stores accounts. The room `sign-in` proves who
 * a person is.
 */
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'

export interface Account {
  /** The account id, which is the subject identifier in tokens (OpenID Connect Core §8). */
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  /** When somebody other than the owner last changed the address. */
  readonly emailChangedAt: Date | undefined
  readonly name: string | undefined
  /** Further standard claims (OpenID Connect Core §5.1): given_name, family_name, locale … */
  readonly claims: Readonly<Record<string, unknown>>
  readonly status: 'enabled' | 'disabled'
  readonly version: number
  /**
   * Raised when the address, the status or a credential changes, and when a link from a mail is used. Links and codes
   * that were sent at an earlier value are refused.
   */
  readonly mailLinksVersion: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface AccountInput {
  readonly email: string
  readonly emailVerified?: boolean
  readonly name?: string | null
  readonly claims?: Readonly<Record<string, unknown>>
}

/** Errors: AccountInvalid 400 (faults), AccountNotFound 404, AccountExists 409 (e-mail), VersionMismatch 412. */
export interface Accounts {
  /**
   * Creates an account. `within` runs in the same transaction after the insert, for example to set the first
   * credential. `by` is a function when people create their own account, because the actor is then the new account.
   */
  create(
    input: AccountInput,
    by: AuditContext | ((accountId: string) => AuditContext),
    within?: (trx: Queryable, account: Account) => Promise<void>,
  ): Promise<Account>
  /** Reads an account from PostgreSQL, never from a cache, so that disabling it takes effect at once on every node. */
  read(accountId: string): Promise<Account | undefined>
  /** Finds an account by e-mail address, ignoring case, white space around it and how its domain is spelled. */
  findByIdentifier(identifier: string): Promise<Account | undefined>
  list(query: { limit: number; cursor?: string }): Promise<{ items: Account[]; nextCursor: string | null }>
  update(
    accountId: string,
    input: Partial<AccountInput>,
    expectedVersion: ExpectedVersion,
    by: AuditContext,
  ): Promise<Account>
  /** Updates `account` in the caller's transaction. Throws VersionMismatch and AccountExists. */
  updateIn(trx: Queryable, account: Account, input: Partial<AccountInput>, by: AuditContext): Promise<Account>
  /** Ends the account's links and codes from mails. Call first in the transaction that changes a credential. */
  endMailLinks(trx: Queryable, accountId: string): Promise<void>
  /**
   * Uses one link, which ends all links of the account, in the transaction of what the link allows. Returns false if
   * they have ended since it was sent, also under concurrent calls.
   */
  useMailLink(trx: Queryable, link: Pick<Account, 'id' | 'mailLinksVersion'>): Promise<boolean>
  setStatus(
    accountId: string,
    status: Account['status'],
    expectedVersion: ExpectedVersion,
    by: AuditContext,
  ): Promise<Account>
  /** Deletes an account. `within` runs in the same transaction. */
  remove(
    accountId: string,
    expectedVersion: ExpectedVersion,
    by: AuditContext,
    within?: (trx: Queryable) => Promise<void>,
  ): Promise<void>
}
