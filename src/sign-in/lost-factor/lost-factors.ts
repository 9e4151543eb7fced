/**
 * Lets a signed-in person replace a passkey or authenticator app that they lost and have no recovery code for: with
 * their password and a code by mail, after a delay in which the account's owner is told and can stop it.
 */
import type { Account } from '#accounts/account.ts'
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { Clock } from '#shared/clock.ts'
import { createLostFactorStore, type LostFactorRequest } from './lost-factor-store.ts'

export interface LostFactorsDeps {
  readonly db: Database
  readonly audit: Pick<Audit, 'recordIn'>
  readonly clock: Clock
  /** The delay in seconds. */
  readonly delaySeconds: () => number
}

/** `begun`: the delay starts now. `waiting`: it is not over. `ready`: it is over, so the proof counts. */
export type LostFactorProof = { readonly kind: 'begun' | 'waiting' | 'ready'; readonly request: LostFactorRequest }

export interface LostFactors {
  find(account: Account): Promise<LostFactorRequest | undefined>
  /**
   * Call when the person has proven their password and a code by mail. Begins a request if there is none, with `within`
   * in the same transaction. Audits lost_factor.requested and lost_factor.confirmed.
   */
  prove(account: Account, by: AuditContext, within: (trx: Queryable) => Promise<void>): Promise<LostFactorProof>
  /** Ends the request, if there is one. Audits lost_factor.cancelled. */
  cancel(accountId: string, by: AuditContext): Promise<void>
}

export function createLostFactors({ db, audit, clock, delaySeconds }: LostFactorsDeps): LostFactors {
  return {
    find: (account) => createLostFactorStore(db).find(account, clock.now()),

    prove: (account, by, within) =>
      db.transaction(async (trx) => {
        const store = createLostFactorStore(trx)
        const now = clock.now()
        const begun = await store.add(account, now, delaySeconds())
        if (begun) {
          await audit.recordIn(trx, eventOf('lost_factor.requested', account.id, by))
          await within(trx)
          return { kind: 'begun', request: begun }
        }
        const request = (await store.find(account, now)) as LostFactorRequest
        if (request.readyAt > now) return { kind: 'waiting', request }
        await audit.recordIn(trx, eventOf('lost_factor.confirmed', account.id, by))
        return { kind: 'ready', request }
      }),

    cancel: (accountId, by) =>
      db.transaction(async (trx) => {
        if (!(await createLostFactorStore(trx).end(accountId, clock.now()))) return
        await audit.recordIn(trx, eventOf('lost_factor.cancelled', accountId, by))
      }),
  }
}

function eventOf(
  type: 'lost_factor.requested' | 'lost_factor.confirmed' | 'lost_factor.cancelled',
  accountId: string,
  by: AuditContext,
): AuditEvent {
  return { ...by, type, outcome: 'success', accountId, subject: { kind: 'account', id: accountId } }
}
