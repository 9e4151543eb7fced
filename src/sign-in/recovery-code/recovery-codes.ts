/** Codes on paper for when the second factor is lost: ten at a time, each good once. */
import { randomInt } from 'node:crypto'
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Verifier } from '../sign-in-method.ts'
import { normalizedCode } from '../one-time-code.ts'
import { type AttemptLimitDeps, withAttemptLimit } from '../attempt-limit.ts'
import { factorEvent } from '../proof-events.ts'
import { RECOVERY_CODE } from './method.ts'
import { createRecoveryCodeStore } from './recovery-code-store.ts'

const COUNT = 10
/** Without letters that are mistaken for digits (Crockford's base32): 12 of them are 60 bits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 12
const GROUP = 4
const PURPOSE = 'recovery-code'

export interface RecoveryCodesDeps extends Pick<AttemptLimitDeps, 'attempts'> {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read'>
  readonly audit: Audit
  readonly keyring: Keyring
}

export interface RecoveryCodes extends Verifier<{ readonly accountId: string; readonly code: string }> {
  /**
   * Makes ten codes in the place of all before, shown this once: in the transaction given, or in one of its own, in
   * which `within` runs. Audits factor.added.
   */
  generate(
    accountId: string,
    by: AuditContext,
    trx?: Queryable,
    within?: (trx: Queryable) => Promise<void>,
  ): Promise<string[]>
  /** How many are left. */
  left(accountId: string): Promise<number>
  /** In the transaction that takes the last other factor away. */
  removeAll(trx: Queryable, accountId: string): Promise<void>
}

/** Whether it was meant as a recovery code: longer than what an authenticator app shows. */
export function looksLikeRecoveryCode(text: string): boolean {
  return canonical(text).length > 8
}

export function createRecoveryCodes(deps: RecoveryCodesDeps): RecoveryCodes {
  const { db, accounts, audit, keyring } = deps
  const store = createRecoveryCodeStore(db)
  const valueOf = (accountId: string, code: string) => `${accountId} ${code}`

  async function judge(account: Account | undefined, given: string): Promise<string | undefined> {
    if (!account) return 'the account is gone'
    if (account.status !== 'enabled') return 'the account is disabled'
    const code = canonical(given)
    if (code.length !== LENGTH) return 'wrong code'
    const used = await store.use(account.id, keyring.macs(PURPOSE, valueOf(account.id, code)))
    return used ? undefined : 'wrong code'
  }

  return {
    isEnrolled: async (accountId) => (await store.count(accountId)) > 0,

    async verify({ accountId, code, clientId }, by) {
      const account = await accounts.read(accountId)
      const facts = { method: RECOVERY_CODE, who: accountId, account, clientId, by }
      const proven = await withAttemptLimit(deps, facts, async () => ({ account, refusal: await judge(account, code) }))
      return proven && { account: proven, method: RECOVERY_CODE.name, amr: RECOVERY_CODE.amr.always }
    },

    async generate(accountId, by, given, within) {
      const codes = Array.from({ length: COUNT }, newCode)
      const macs = codes.map((code) => keyring.mac(PURPOSE, valueOf(accountId, code)))
      const write = async (trx: Queryable) => {
        await createRecoveryCodeStore(trx).replace(accountId, macs)
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

/** `7KQ2-M9XD-4TRV`: read aloud and typed more easily. */
function grouped(code: string): string {
  return (code.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-')
}

/** However it was typed: with the digits that its letters were taken for as well. */
function canonical(text: string): string {
  return normalizedCode(text).replaceAll('O', '0').replaceAll(/[IL]/g, '1')
}
