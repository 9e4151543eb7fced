/** Sets up authenticator apps and checks their codes as a second proof. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { FactorCodeWrong, FactorNotFound } from '../errors.ts'
import type { SecondFactorCode, Verifier } from '../sign-in-method.ts'
import { createFactorLockStore } from '../factor-lock-store.ts'
import { factorEvent } from '../proof-events.ts'
import { createVerifySecondFactor, type SecondFactorDeps } from '../second-factor-code.ts'
import { TOTP } from './method.ts'
import { newSecret, setupOf, stepOf, type TotpSetup } from './one-time-password.ts'
import { createTotpStore } from './totp-store.ts'

/** The sealing purpose of the secrets. */
const PURPOSE = 'totp'
const PENDING_SECONDS = 15 * 60

export interface TotpDeps extends SecondFactorDeps {
  readonly accounts: Pick<Accounts, 'read' | 'endMailLinks'>
  readonly keyring: Keyring
}

export interface Totp extends Verifier<SecondFactorCode> {
  /** Returns a new secret, which takes effect when it is confirmed. The app shows `issuer` as our name. */
  begin(account: Pick<Account, 'id' | 'email'>, issuer: string): Promise<TotpSetup>
  /** Returns the last secret of `begin` while it can be confirmed, so that a reloaded page shows the same one. */
  pending(account: Pick<Account, 'id' | 'email'>, issuer: string): Promise<TotpSetup | undefined>
  /**
   * Puts the pending secret in use and replaces an earlier one. `within` runs in the same transaction. Throws
   * FactorCodeWrong (422) if the code is wrong. Audits factor.added.
   */
  confirm(accountId: string, code: string, by: AuditContext, within?: (trx: Queryable) => Promise<void>): Promise<void>
  state(accountId: string): Promise<{ confirmedAt: Date; lastUsedAt: Date | null } | undefined>
  /** Removes the app. Throws FactorNotFound (404). Audits factor.removed. `within` runs in the same transaction. */
  remove(accountId: string, by: AuditContext, within?: (trx: Queryable) => Promise<void>): Promise<void>
}

export function createTotp(deps: TotpDeps): Totp {
  const { keyring } = deps
  const store = createTotpStore(deps.db)

  async function judge({ id }: Account, code: string): Promise<string | undefined> {
    const credential = await store.find(id)
    if (!credential) return 'the account has no authenticator app'
    const secret = keyring.open(PURPOSE, credential.sealed, id)
    const step = stepOf(code, secret, credential.now)
    if (step === undefined) return 'wrong code'
    return (await store.use(id, credential.sealed, step)) ? undefined : 'the code was used before'
  }

  return {
    isEnrolled: async (accountId) => (await store.find(accountId)) !== undefined,

    verify: createVerifySecondFactor(deps, TOTP, judge),
    ...createSetup(deps),
    state: (accountId) => store.state(accountId),
  }
}

/** Creates the functions that set up and remove the app. */
function createSetup({
  db,
  accounts,
  audit,
  keyring,
}: TotpDeps): Pick<Totp, 'begin' | 'pending' | 'confirm' | 'remove'> {
  const store = createTotpStore(db)
  const open = (sealed: Buffer, accountId: string) => keyring.open(PURPOSE, sealed, accountId)
  return {
    async begin({ id: accountId, email }, issuer) {
      const secret = newSecret()
      await store.begin(accountId, keyring.seal(PURPOSE, secret, accountId), PENDING_SECONDS)
      return setupOf(secret, { issuer, account: email })
    },

    async pending({ id: accountId, email }, issuer) {
      const pending = await store.findPending(accountId)
      return pending && setupOf(open(pending.sealed, accountId), { issuer, account: email })
    },

    async confirm(accountId, code, by, within) {
      const pending = await store.findPending(accountId)
      if (!pending) throw new FactorCodeWrong()
      const secret = open(pending.sealed, accountId)
      const step = stepOf(code, secret, pending.now)
      if (step === undefined) throw new FactorCodeWrong()
      await db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, accountId)
        const sealed = keyring.seal(PURPOSE, secret, accountId)
        if (!(await createTotpStore(trx).confirm(accountId, pending.sealed, sealed, step))) throw new FactorCodeWrong()
        await createFactorLockStore(trx).clear(accountId, TOTP.name)
        await audit.recordIn(trx, factorEvent('factor.added', { method: TOTP.name, accountId, by }))
        await within?.(trx)
      })
    },

    async remove(accountId, by, within) {
      await db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, accountId)
        if (!(await createTotpStore(trx).remove(accountId))) throw new FactorNotFound('authenticator app')
        await createFactorLockStore(trx).clear(accountId, TOTP.name)
        await audit.recordIn(trx, factorEvent('factor.removed', { method: TOTP.name, accountId, by }))
        await within?.(trx)
      })
    },
  }
}
