/** Checks passwords at sign-in, with the same work whether or not the person is known, and sets first passwords. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Queryable } from '#database/database.ts'
import { randomId } from '#shared/ids.ts'
import { PasswordInvalid, SignInBusy } from '../errors.ts'
import { createHasher, type Hasher } from '../hashing.ts'
import { judged, type JudgedDeps } from '../judged.ts'
import type { KnownDevices } from '../known-devices.ts'
import { createPasswordStore } from './password-store.ts'
import type { Passwords } from './password.ts'

/** Characters are Unicode code points. */
const LENGTH = { min: 8, max: 256 } as const
const AMR = ['pwd'] as const
/** No account has it: what is looked up for an identifier that nobody has. */
const NOBODY = ''

export interface PasswordsDeps extends JudgedDeps {
  readonly db: Queryable
  readonly accounts: Pick<Accounts, 'findByIdentifier'>
  readonly devices: Pick<KnownDevices, 'idFor'>
  readonly hasher?: Hasher
}

/** The password method. See Passwords for what each call does. */
export function createPasswords(deps: PasswordsDeps): Passwords {
  const { accounts, db, devices, hasher = createHasher() } = deps
  const store = createPasswordStore(db)
  // ASVS 6.3.8: an unknown identifier is checked against this one, made once, of a password that nobody has.
  const standIn = hasher.hash(randomId())

  async function judge(account: Account | undefined, password: string): Promise<string | undefined> {
    const credential = await store.find(account?.sub ?? NOBODY)
    const matches = await hasher.verify(credential?.hash ?? (await standIn), password)
    if (!account) return 'unknown identifier'
    if (!credential) return 'the account has no password'
    if (!matches) return 'wrong password'
    if (account.status !== 'enabled') return 'the account is disabled'
    if (hasher.outdated(credential.hash)) await strengthen(account.sub, credential.hash, password)
    return undefined
  }

  async function strengthen(sub: string, weaker: string, password: string): Promise<void> {
    try {
      await store.strengthen(sub, weaker, await hasher.hash(password))
    } catch (error) {
      // The next sign-in does it; this one need not wait.
      if (!(error instanceof SignInBusy)) throw error
    }
  }

  return {
    name: 'password',
    proves: 'identity',
    isEnrolled: async (sub) => (await store.find(sub)) !== undefined,

    async verify(attempt, by) {
      const { identifier, password, clientId } = attempt
      const account = await accounts.findByIdentifier(identifier)
      // where the person has signed in before, what others guess elsewhere does not count
      const device = account && devices.idFor(attempt.device, account.sub)
      const who = device === undefined ? identifier : `${device} ${account?.sub}`
      const facts = { method: 'password', who, account, clientId, by }
      const proven = await judged(deps, facts, async () => ({ account, refusal: await judge(account, password) }))
      return proven && { account: proven, amr: AMR }
    },

    check,

    async prepare(password, options = {}) {
      check(password)
      const hash = await hasher.hash(password)
      return (trx, sub) => createPasswordStore(trx).insert(sub, { hash, mustChange: options.mustChange ?? false })
    },
  }
}

function check(password: string): void {
  const length = Array.from(password).length
  if (length < LENGTH.min || length > LENGTH.max) throw new PasswordInvalid(length, LENGTH)
}
