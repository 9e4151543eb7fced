/** The service that stores people's accounts. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { AuditFields, EventsOf } from '#audit/events.ts'
import type { Database, Queryable } from '#database/database.ts'
import { sqlState } from '#database/errors.ts'
import { changeVersioned } from '#database/versioned.ts'
import type { Clock } from '#shared/clock.ts'
import { randomName } from '#shared/ids.ts'
import { type ExpectedVersion, VersionMismatch } from '#shared/version-mismatch.ts'
import { createAccountStore } from './account-store.ts'
import type { Account, AccountInput, Accounts } from './account.ts'
import { emailOf } from './email.ts'
import { AccountExists, AccountNotFound } from './errors.ts'
import { validateAccount } from './validation.ts'

const READABLE = /^[\x21-\x7E]{1,128}$/
const UNIQUE_VIOLATION = '23505'

/** Why an account ends. A disabled account can be enabled again, but its sessions and tokens do not come back. */
export type AccountEndReason = 'disabled' | 'deleted'

/** Ends what depends on an account. An error from it rolls back the change of the account. */
export type AccountSubscriber = (
  trx: Queryable,
  ended: { readonly accountId: string; readonly reason: AccountEndReason },
) => Promise<void>

/** `before`: the account with its old address. An error from it rolls back the change. */
export type EmailSubscriber = (trx: Queryable, before: Account, by: AuditContext) => Promise<void>

export interface AccountsDeps {
  readonly db: Database
  readonly audit: Audit
  readonly clock: Clock
  /** Called in the transaction that disables or deletes an account, to end the person's sessions and tokens with it. */
  readonly onEnd?: readonly AccountSubscriber[]
  /** Called in the transaction that changes an address, to notify its owner. */
  readonly onEmailChange?: readonly EmailSubscriber[]
}

export function createAccounts(deps: AccountsDeps): Accounts {
  const store = createAccountStore(deps.db)
  return {
    create: (input, by, within) => create(deps, input, by, within),
    read: async (accountId) => (READABLE.test(accountId) ? store.read(accountId) : undefined),
    findByIdentifier: async (identifier) => {
      const email = emailOf(identifier)
      return email === undefined ? undefined : store.readByEmail(email)
    },
    list: ({ limit, cursor }) => store.list(limit, cursor),
    update: (accountId, input, expectedVersion, by) => update(deps, { accountId, expectedVersion, by }, input),
    updateIn: (trx, account, input, by) =>
      emailTaken(input.email ?? '', () => updateIn(deps, trx, { account, input, by })),
    endMailLinks: (trx, accountId) => createAccountStore(trx).endMailLinks(accountId),
    useMailLink: (trx, { id, mailLinksVersion }) => createAccountStore(trx).useMailLink(id, mailLinksVersion),
    setStatus: (accountId, status, expectedVersion, by) => setStatus(deps, { accountId, expectedVersion, by }, status),
    remove: (accountId, expectedVersion, by, within) => remove(deps, { accountId, expectedVersion, by }, within),
  }
}

async function create(
  deps: AccountsDeps,
  input: AccountInput,
  by: AuditContext | ((accountId: string) => AuditContext),
  within?: (trx: Queryable, account: Account) => Promise<void>,
): Promise<Account> {
  const fields = validateAccount(input)
  return deps.db.transaction(async (trx) => {
    // the prefix keeps account ids apart from client ids (RFC 9700 §4.15)
    const account = await createAccountStore(trx).insert(randomName('acc-'), fields, deps.clock.now())
    if (!account) throw new AccountExists(fields.email)
    await within?.(trx, account)
    const { id: accountId } = account
    await record(deps, trx, { type: 'account.created', by: typeof by === 'function' ? by(accountId) : by, accountId })
    return account
  })
}

interface Change {
  accountId: string
  expectedVersion: ExpectedVersion
  by: AuditContext
}

async function update(deps: AccountsDeps, change: Change, input: Partial<AccountInput>): Promise<Account> {
  const { by } = change
  return changeVersioned(versioned(deps, change), (account) => {
    const { email } = validateAccount(input, account)
    return emailTaken(email, () => deps.db.transaction((trx) => write(deps, trx, { account, input, by })))
  })
}

interface Written {
  account: Account
  input: Partial<AccountInput>
  by: AuditContext
}

async function updateIn(deps: AccountsDeps, trx: Queryable, change: Written): Promise<Account> {
  const written = await write(deps, trx, change)
  if (!written) throw new VersionMismatch('account', change.account.version, undefined)
  return written
}

/** Writes a change and its event; undefined when the account is gone or has another version by now. */
async function write(deps: AccountsDeps, trx: Queryable, { account, input, by }: Written) {
  const { id: accountId, version } = account
  const fields = validateAccount(input, account)
  const byOwner = by.actor.kind === 'account' && by.actor.id === accountId
  // not by lower() of the database, which may take two addresses for one that a mail relay tells apart
  const isMoved = fields.email.toLowerCase() !== account.email.toLowerCase()
  const change = { version, at: deps.clock.now(), byOwner, isMoved }
  const written = await createAccountStore(trx).update(accountId, fields, change)
  if (written) {
    if (isMoved) for (const subscriber of deps.onEmailChange ?? []) await subscriber(trx, account, by)
    const detail = { changed: changedMembers(input), version: written.version }
    await record(deps, trx, { type: 'account.updated', by, accountId, detail })
  }
  return written
}

function changedMembers({ claims, ...members }: Partial<AccountInput>): string[] {
  return [...Object.keys(members), ...Object.keys(claims ?? {})]
}

async function emailTaken<T>(email: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) throw new AccountExists(email)
    throw error
  }
}

async function setStatus(deps: AccountsDeps, change: Change, status: Account['status']): Promise<Account> {
  const { accountId, by } = change
  return changeVersioned(versioned(deps, change), async (before) => {
    if (before.status === status) return before
    return deps.db.transaction(async (trx) => {
      const at = deps.clock.now()
      const account = await createAccountStore(trx).setStatus({ accountId, status, version: before.version, at })
      if (!account) return undefined
      if (status === 'disabled') await endAccount(deps, trx, { accountId, reason: 'disabled', by })
      else await record(deps, trx, { type: 'account.enabled', by, accountId })
      return account
    })
  })
}

async function remove(
  deps: AccountsDeps,
  change: Change,
  within: ((trx: Queryable) => Promise<void>) | undefined,
): Promise<void> {
  const { accountId, by } = change
  await changeVersioned(versioned(deps, change), ({ version }) =>
    deps.db.transaction(async (trx) => {
      if (!(await createAccountStore(trx).remove(accountId, version))) return undefined
      await endAccount(deps, trx, { accountId, reason: 'deleted', by })
      await within?.(trx)
      return true
    }),
  )
}

/** Notifies the subscribers and records the event when an account is disabled or deleted, in the same transaction. */
async function endAccount(
  deps: AccountsDeps,
  trx: Queryable,
  { accountId, reason, by }: { accountId: string; reason: AccountEndReason; by: AuditContext },
): Promise<void> {
  for (const subscriber of deps.onEnd ?? []) await subscriber(trx, { accountId, reason })
  await record(deps, trx, { type: reason === 'disabled' ? 'account.disabled' : 'account.deleted', by, accountId })
}

function versioned({ db }: AccountsDeps, { accountId, expectedVersion }: Omit<Change, 'by'>) {
  const read = async () => {
    const account = READABLE.test(accountId) ? await createAccountStore(db).read(accountId) : undefined
    if (!account) throw new AccountNotFound(accountId)
    return account
  }
  return { kind: 'account', expectedVersion, read }
}

type AccountChange = AuditFields<Exclude<EventsOf<'account'>, 'account.linked' | 'account.unlinked'>> & {
  readonly by: AuditContext
  readonly accountId: string
}

async function record(deps: AccountsDeps, trx: Queryable, { by, accountId, ...fields }: AccountChange): Promise<void> {
  const subject = { kind: 'account', id: accountId }
  await deps.audit.recordIn(trx, { ...by, ...fields, outcome: 'success', subject, accountId })
}
