/** Refuses a second factor after too many wrong codes in a row (NIST SP 800-63B-4 §3.2.2). */
import type { Account } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Clock } from '#shared/clock.ts'
import { FactorLocked } from './errors.ts'
import { createFactorLockStore } from './factor-lock-store.ts'
import { noticeOf } from './notice.ts'
import { factorEvent, proofEvent } from './proof-events.ts'

/** Wrong codes in a row, after the first proof, from which on the method is refused. */
export const MOST_WRONG_CODES = 100

const NOTICES = { totp: 'totp_locked', recovery_code: 'recovery_codes_locked' } as const

/** The name of a method whose codes can lock it. */
export type LockableMethod = keyof typeof NOTICES

export interface FactorLockDeps {
  readonly db: Database
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
}

interface Facts {
  /** Undefined if it is gone, so that there is nothing to count. */
  readonly account: Account | undefined
  readonly method: LockableMethod
  readonly clientId: string | undefined
  readonly by: AuditContext
}

export interface FactorLock {
  /**
   * Returns the reason for which `judge` refuses a code, and counts it; undefined for a right code, which unlocks all
   * methods of the account. Throws FactorLocked (403) without a check while the method is locked, and audits
   * sign_in.failed. An error of `judge` is not counted. The last wrong code before the lock audits factor.locked and
   * is announced by mail.
   */
  guard(facts: Facts, judge: () => Promise<string | undefined>): Promise<string | undefined>
  /** Unlocks all methods of the account. Audits factor.unlocked if there was anything to unlock. */
  unlock(accountId: string, by: AuditContext): Promise<void>
}

export function createFactorLock({ db, audit, mail, clock }: FactorLockDeps): FactorLock {
  const store = createFactorLockStore(db)

  async function tellLocked(account: Account, { method, by }: Facts): Promise<void> {
    await db.transaction(async (trx) => {
      await audit.recordIn(trx, factorEvent('factor.locked', { method, accountId: account.id, by }))
      await mail.enqueue(trx, noticeOf(account, NOTICES[method], { by, at: clock.now() }))
    })
  }

  return {
    async guard(facts, judge) {
      const { account, method, clientId, by } = facts
      if (!account) return judge()
      const failures = await store.count(account.id, method, MOST_WRONG_CODES)
      if (failures === undefined) {
        const refusal = `locked after ${MOST_WRONG_CODES} wrong codes in a row`
        await audit.record(proofEvent({ method, account, refusal, clientId, by }))
        throw new FactorLocked()
      }
      const refusal = await judge().catch(async (error: unknown) => {
        await store.undo(account.id, method).catch(() => undefined)
        throw error
      })
      if (refusal === undefined) await store.clear(account.id)
      else if (failures === MOST_WRONG_CODES) await tellLocked(account, facts)
      return refusal
    },
    async unlock(accountId, by) {
      await db.transaction(async (trx) => {
        if (!(await createFactorLockStore(trx).clear(accountId))) return
        await audit.recordIn(trx, factorEvent('factor.unlocked', { accountId, by }))
      })
    },
  }
}
