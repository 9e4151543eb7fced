/** A person's account and the service that keeps accounts. How a person proves who they are is sign-in's. */
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'

export interface Account {
  /** The subject identifier (OpenID Connect Core §8). */
  readonly id: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name: string | undefined
  /** Further standard claims (OpenID Connect Core §5.1): given_name, family_name, locale … */
  readonly claims: Readonly<Record<string, unknown>>
  readonly status: 'enabled' | 'disabled'
  readonly version: number
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
   * `within` runs in the same transaction, after the row is there: the first credential is set by it. Who makes their
   * own account acts as it.
   */
  create(
    input: AccountInput,
    by: AuditContext | ((accountId: string) => AuditContext),
    within?: (trx: Queryable, account: Account) => Promise<void>,
  ): Promise<Account>
  /** From PostgreSQL, never from a cache: a disabled account is disabled at once on every node. */
  read(accountId: string): Promise<Account | undefined>
  /** By e-mail, without case. */
  findByIdentifier(identifier: string): Promise<Account | undefined>
  list(query: { limit: number; cursor?: string }): Promise<{ items: Account[]; nextCursor: string | null }>
  update(
    accountId: string,
    input: Partial<AccountInput>,
    expectedVersion: number | undefined,
    by: AuditContext,
  ): Promise<Account>
  /** The same in a transaction of the caller's, on `account` as it was read. Throws VersionMismatch and AccountExists. */
  updateIn(trx: Queryable, account: Account, input: Partial<AccountInput>, by: AuditContext): Promise<Account>
  setStatus(
    accountId: string,
    status: Account['status'],
    expectedVersion: number | undefined,
    by: AuditContext,
  ): Promise<Account>
  /** `within` runs in the same transaction. */
  remove(
    accountId: string,
    expectedVersion: number | undefined,
    by: AuditContext,
    within?: (trx: Queryable) => Promise<void>,
  ): Promise<void>
}
