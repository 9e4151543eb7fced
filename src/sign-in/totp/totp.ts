/** Codes of an authenticator app, as a second proof. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { FactorCodeWrong, FactorNotFound } from '../errors.ts'
import type { Verifier } from '../sign-in-method.ts'
import { type AttemptLimitDeps, withAttemptLimit } from '../attempt-limit.ts'
import { factorEvent } from '../proof-events.ts'
import { TOTP } from './method.ts'
import { newSecret, setupOf, stepOf, type TotpSetup } from './one-time-password.ts'
import { createTotpStore } from './totp-store.ts'

/** A name of its own for each place that is sealed. */
const PURPOSE = 'totp'
const PENDING_SECONDS = 15 * 60

export interface TotpDeps extends Pick<AttemptLimitDeps, 'attempts'> {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read'>
  readonly audit: Audit
  readonly keyring: Keyring
}

export interface Totp extends Verifier<{ readonly sub: string; readonly code: string }> {
  /** Makes a secret and shows it; nothing changes until it is confirmed. `issuer` is how the app will name us. */
  begin(account: Pick<Account, 'sub' | 'email'>, issuer: string): Promise<TotpSetup>
  /** What `begin` showed last, while it can be confirmed: a page that is shown again shows the same. */
  pending(account: Pick<Account, 'sub' | 'email'>, issuer: string): Promise<TotpSetup | undefined>
  /**
   * Puts what was begun in use, in the place of one before. `within` runs in its transaction. Throws FactorCodeWrong
   * (422) where the code is not one of it. Audits factor.added.
   */
  confirm(sub: string, code: string, by: AuditContext, within?: (trx: Queryable) => Promise<void>): Promise<void>
  state(sub: string): Promise<{ confirmedAt: Date; lastUsedAt: Date | null } | undefined>
  /** Throws FactorNotFound (404). Audits factor.removed. `within` runs in its transaction. */
  remove(sub: string, by: AuditContext, within?: (trx: Queryable) => Promise<void>): Promise<void>
}

export function createTotp(deps: TotpDeps): Totp {
  const { accounts, keyring } = deps
  const store = createTotpStore(deps.db)

  /** Why the code is refused; undefined where it is right, and used now. */
  async function judge(account: Account | undefined, code: string): Promise<string | undefined> {
    if (!account) return 'the account is gone'
    if (account.status !== 'enabled') return 'the account is disabled'
    const credential = await store.find(account.sub)
    if (!credential) return 'the account has no authenticator app'
    const secret = keyring.open(PURPOSE, credential.sealed, account.sub)
    const step = stepOf(code, secret, credential.now)
    if (step === undefined) return 'wrong code'
    return (await store.use(account.sub, credential.sealed, step)) ? undefined : 'the code was used before'
  }

  return {
    isEnrolled: async (sub) => (await store.find(sub)) !== undefined,

    async verify({ sub, code, clientId }, by) {
      const account = await accounts.read(sub)
      const facts = { method: TOTP, who: sub, account, clientId, by }
      const proven = await withAttemptLimit(deps, facts, async () => ({ account, refusal: await judge(account, code) }))
      return proven && { account: proven, method: TOTP.name, amr: TOTP.amr.always }
    },

    ...createSetup(deps),
    state: (sub) => store.state(sub),
  }
}

/** Setting it up, and taking it away. */
function createSetup({ db, audit, keyring }: TotpDeps): Pick<Totp, 'begin' | 'pending' | 'confirm' | 'remove'> {
  const store = createTotpStore(db)
  const open = (sealed: Buffer, sub: string) => keyring.open(PURPOSE, sealed, sub)
  return {
    async begin({ sub, email }, issuer) {
      const secret = newSecret()
      await store.begin(sub, keyring.seal(PURPOSE, secret, sub), PENDING_SECONDS)
      return setupOf(secret, { issuer, account: email })
    },

    async pending({ sub, email }, issuer) {
      const pending = await store.findPending(sub)
      return pending && setupOf(open(pending.sealed, sub), { issuer, account: email })
    },

    async confirm(sub, code, by, within) {
      const pending = await store.findPending(sub)
      if (!pending) throw new FactorCodeWrong()
      const secret = open(pending.sealed, sub)
      const step = stepOf(code, secret, pending.now)
      if (step === undefined) throw new FactorCodeWrong()
      await db.transaction(async (trx) => {
        const sealed = keyring.seal(PURPOSE, secret, sub)
        if (!(await createTotpStore(trx).confirm(sub, pending.sealed, sealed, step))) throw new FactorCodeWrong()
        await audit.recordIn(trx, factorEvent('factor.added', { method: TOTP.name, sub, by }))
        await within?.(trx)
      })
    },

    async remove(sub, by, within) {
      await db.transaction(async (trx) => {
        if (!(await createTotpStore(trx).remove(sub))) throw new FactorNotFound('authenticator app')
        await audit.recordIn(trx, factorEvent('factor.removed', { method: TOTP.name, sub, by }))
        await within?.(trx)
      })
    },
  }
}
