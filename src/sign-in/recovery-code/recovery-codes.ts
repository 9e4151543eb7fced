/** Makes and checks recovery codes, for people who lost their second factor: ten at a time, each valid once. */
import { randomInt } from 'node:crypto'
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { SecondFactorCode, Verifier } from '../sign-in-method.ts'
import { normalizedCode } from '../one-time-code.ts'
import { createFactorLockStore } from '../factor-lock-store.ts'
import { noticeOf } from '../notice.ts'
import { factorEvent } from '../proof-events.ts'
import { createVerifySecondFactor, type SecondFactorDeps } from '../second-factor-code.ts'
import { RECOVERY_CODE } from './method.ts'
import { createRecoveryCodeStore } from './recovery-code-store.ts'

const COUNT = 10
/** Crockford's base32: without letters that look like digits. 12 characters are 60 bits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 12
const GROUP = 4
const PURPOSE = 'recovery-code'

export interface RecoveryCodesDeps extends SecondFactorDeps {
  readonly accounts: Pick<Accounts, 'read' | 'endMailLinks'>
  readonly keyring: Keyring
}

export interface RecoveryCodes extends Verifier<SecondFactorCode> {
  /**
   * Replaces all codes with ten new ones and returns them; they are never shown again. Runs in `trx` or, without it, in
   * a transaction of its own. `within` runs in the same transaction. Audits factor.added.
   */
  generate(
    accountId: string,
    by: AuditContext,
    trx?: Queryable,
    within?: (trx: Queryable) => Promise<void>,
  ): Promise<string[]>
  /** Returns how many unused codes are left. */
  left(accountId: string): Promise<number>
  /** Call in the transaction that removes the last other second factor. */
  removeAll(trx: Queryable, accountId: string): Promise<void>
}

/** Returns whether the text looks like a recovery code: longer than the code of an authenticator app. */
export function looksLikeRecoveryCode(text: string): boolean {
  return canonical(text).length > 8
}

export function createRecoveryCodes(deps: RecoveryCodesDeps): RecoveryCodes {
  const { db, accounts, audit, clock, keyring, mail } = deps
  const store = createRecoveryCodeStore(db)
  const valueOf = (accountId: string, code: string) => `${accountId} ${code}`

  async function judge(account: Account, given: string, by: AuditContext): Promise<string | undefined> {
    const code = canonical(given)
    if (code.length !== LENGTH) return 'wrong code'
    const macs = keyring.macs(PURPOSE, valueOf(account.id, code))
    return db.transaction(async (trx) => {
      if (!(await createRecoveryCodeStore(trx).use(account.id, macs))) return 'wrong code'
      // notifies the person, because someone else may have found the codes
      await mail.enqueue(trx, noticeOf(account, 'recovery_code_used', { by, at: clock.now() }))
      return undefined
    })
  }

  return {
    isEnrolled: async (accountId) => (await store.count(accountId)) > 0,

    verify: createVerifySecondFactor(deps, RECOVERY_CODE, judge),

    async generate(accountId, by, given, within) {
      const codes = Array.from({ length: COUNT }, newCode)
      const macs = codes.map((code) => keyring.mac(PURPOSE, valueOf(accountId, code)))
      const write = async (trx: Queryable) => {
        await accounts.endMailLinks(trx, accountId)
        await createRecoveryCodeStore(trx).replace(accountId, macs)
        await createFactorLockStore(trx).clear(accountId, RECOVERY_CODE.name)
        await audit.recordIn(trx, factorEvent('factor.added', { method: RECOVERY_CODE.name, accountId, by }))
        await within?.(trx)
      }
      await (given ? write(given) : db.transaction(write))
      return codes.map(grouped)
    },

    left: (accountId) => store.count(accountId),
    removeAll: (trx, accountId) => createRecoveryCodeStore(trx).removeAll(accountId),
  }
}

function newCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** Groups a code like `7KQ2-M9XD-4TRV`, which is easier to read aloud and type. */
function grouped(code: string): string {
  return (code.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-')
}

/** Normalizes a typed code, and turns letters that look like digits into those digits. */
function canonical(text: string): string {
  return normalizedCode(text).replaceAll('O', '0').replaceAll(/[IL]/g, '1')
}
