/** Checks passwords at sign-in, with equal work for known and unknown people, and changes and resets them. */
import type { Account, Accounts } from '#accounts/account.ts'
import { emailOf } from '#accounts/email.ts'
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { randomId } from '#shared/ids.ts'
import { SignInBusy } from '../errors.ts'
import { createHasher, type Hasher } from '../hashing.ts'
import { type AttemptFacts, type AttemptLimitDeps, withAttemptLimit } from '../attempt-limit.ts'
import { SESSION } from '../attempts.ts'
import type { KnownDevices } from '../known-devices.ts'
import { PASSWORD } from './method.ts'
import { createPasswordPolicy, type PasswordPolicyDeps } from './password-policy.ts'
import { createPasswordStore, type PasswordCredential, type PasswordStore } from './password-store.ts'
import type { Passwords } from './password.ts'
import { preparedPassword } from './prepared-password.ts'
import { createPasswordSeals, type PasswordSeals } from './sealed-passwords.ts'

/** An account id that does not exist; looked up for unknown identifiers. */
const NOBODY = ''
/** How many hashes of an earlier release are sealed by one statement. */
const BATCH = 500

export interface PasswordsDeps extends Pick<AttemptLimitDeps, 'attempts'> {
  readonly db: Database
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  readonly accounts: Pick<Accounts, 'findByIdentifier' | 'endMailLinks'>
  readonly devices: Pick<KnownDevices, 'idFor'>
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly hasher?: Hasher
  readonly breachRange?: PasswordPolicyDeps['breachRange']
}

/** Creates the password method. See Passwords for its functions. */
export function createPasswords(deps: PasswordsDeps): Passwords {
  const { accounts, devices, hasher = createHasher() } = deps
  const seals = createPasswordSeals(deps.keyring)
  const store = createPasswordStore(deps.db, seals)
  const prove = createProof(deps, hasher)
  const changes = createChanges({ ...deps, hasher, prove, seals })

  async function strengthen(accountId: string, version: string, password: string): Promise<void> {
    try {
      await store.strengthen(accountId, version, await hasher.hash(preparedPassword(password)))
    } catch (error) {
      // the next sign-in tries again, so this one need not wait
      if (!(error instanceof SignInBusy)) throw error
    }
  }

  return {
    isEnrolled: async (accountId) => (await store.state(accountId)) !== undefined,

    async verify(attempt, by) {
      const { identifier, password, clientId } = attempt
      const account = await accounts.findByIdentifier(identifier)
      const knownBrowser = account && (attempt.isSignedIn ? SESSION : devices.idFor(attempt.device, account.id))
      // every spelling of an address is counted as one
      const who = knownBrowser === undefined ? (emailOf(identifier) ?? identifier) : account?.id
      const credential = await store.find(account?.id ?? NOBODY)
      const facts = { method: PASSWORD, who, knownBrowser, clientId, by }
      const { proven, isRaw } = await prove(facts, { account, credential, password })
      if (!proven || !credential) return undefined
      if (isRaw || hasher.outdated(credential.hash)) await strengthen(proven.id, credential.version, password)
      return { account: proven, method: PASSWORD.name, amr: PASSWORD.amr.always }
    },

    state: (accountId) => store.state(accountId),
    sealPlain: () => sealPlain(store),
    ...changes,
  }
}

/** Seals the hashes in batches until none is left in plain. */
async function sealPlain(store: PasswordStore): Promise<number> {
  let sealed = 0
  for (let batch = await store.sealPlain(BATCH); batch > 0; batch = await store.sealPlain(BATCH)) sealed += batch
  return sealed
}

interface Presented {
  readonly account: Account | undefined
  readonly credential: PasswordCredential | undefined
  readonly password: string
}

interface Judged {
  /** Why the password is refused; undefined if it is right. */
  readonly refusal: string | undefined
  /** Whether the hash is of an earlier release, which hashed passwords as they were typed. */
  readonly isRaw: boolean
  /** The prepared form was wrong, and the server was too busy to check the password as it was typed. */
  readonly overload?: SignInBusy
}

type Prove = (
  facts: Omit<AttemptFacts, 'account'>,
  presented: Presented,
) => Promise<{ readonly proven: Account | undefined; readonly isRaw: boolean }>

/** Creates the check of a password within its attempt limit. */
function createProof(deps: AttemptLimitDeps, hasher: Hasher): Prove {
  const judge = createJudge(hasher)
  return async (facts, presented) => {
    const { account } = presented
    let judged = undefined as Judged | undefined
    const proven = await withAttemptLimit(deps, { ...facts, account }, async () => {
      judged = await judge(presented)
      return { account, refusal: judged.refusal }
    })
    // thrown only now, so that the attempt stays counted: one form of the password was checked
    if (judged?.overload) throw judged.overload
    return { proven, isRaw: judged?.isRaw ?? false }
  }
}

function createJudge(hasher: Hasher): (presented: Presented) => Promise<Judged> {
  let standIn: string | undefined
  return async ({ account, credential, password }) => {
    // ASVS 6.3.8: unknown identifiers are checked against the hash of a random password. It is made with the first
    // check for anyone, so that the time of that check reveals nothing either.
    standIn ??= await hasher.hash(randomId())
    const hash = credential?.hash ?? standIn
    const prepared = preparedPassword(password)
    const matches = await hasher.verify(hash, prepared)
    // tried for unknown identifiers as well, so that the time reveals nothing
    const raw = !matches && prepared !== password && (await hasher.verify(hash, password).catch(overloadOf))
    if (raw instanceof SignInBusy)
      return { refusal: refusalOf(account, credential, false), isRaw: false, overload: raw }
    return { refusal: refusalOf(account, credential, matches || raw), isRaw: raw }
  }
}

function overloadOf(error: unknown): SignInBusy {
  if (error instanceof SignInBusy) return error
  throw error
}

function refusalOf(account: Account | undefined, credential: PasswordCredential | undefined, matches: boolean) {
  if (!account) return 'unknown identifier'
  if (!credential) return 'the account has no password'
  if (!matches) return 'wrong password'
  return account.status === 'enabled' ? undefined : 'the account is disabled'
}

/** Creates the functions that set passwords. They check and hash before the transaction starts. */
function createChanges(
  deps: PasswordsDeps & { hasher: Hasher; prove: Prove; seals: PasswordSeals },
): Pick<Passwords, 'change' | 'reset' | 'check' | 'prepare'> {
  const { accounts, audit, db, hasher, prove, seals } = deps
  const store = createPasswordStore(db, seals)
  const policy = createPasswordPolicy(deps)
  return {
    async change(account, { current, next: typed }, by, within) {
      const next = preparedPassword(typed)
      const credential = await store.find(account.id)
      // the person is signed in, so the address is not asked
      const facts = { method: PASSWORD, who: account.id, knownBrowser: SESSION, clientId: undefined, by }
      const { proven } = await prove(facts, { account, credential, password: current })
      if (!proven || !credential) return false
      await policy.check(next, account)
      const hash = await hasher.hash(next)
      return db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, account.id)
        // replaces only the password that was proven, so that one of two concurrent changes succeeds
        if (!(await createPasswordStore(trx, seals).change(account.id, credential.version, hash))) return false
        await audit.recordIn(trx, passwordEvent('password.changed', account, by))
        await within?.(trx)
        return true
      })
    },

    async reset(account, typed, by, within) {
      const next = preparedPassword(typed)
      await policy.check(next, account)
      const hash = await hasher.hash(next)
      await db.transaction(async (trx) => {
        // first what spends the proof, so that the account is locked before its credentials, as everywhere
        await within?.(trx)
        await accounts.endMailLinks(trx, account.id)
        await createPasswordStore(trx, seals).put(account.id, hash)
        await audit.recordIn(trx, passwordEvent('password.reset', account, by))
      })
    },

    check: (password, owner = {}) => policy.check(preparedPassword(password), owner),

    async prepare(typed, options = {}) {
      const password = preparedPassword(typed)
      await policy.check(password, options.owner ?? {})
      const hash = await hasher.hash(password)
      return (trx, accountId) =>
        createPasswordStore(trx, seals).insert(accountId, { hash, mustChange: options.mustChange ?? false })
    },
  }
}

function passwordEvent(
  type: 'password.changed' | 'password.reset',
  { id: accountId }: Account,
  by: AuditContext,
): AuditEvent {
  return { ...by, type, outcome: 'success', accountId, subject: { kind: 'account', id: accountId } }
}
