/**
 * User codes: what a person tells an app so that it may ask them for a sign-in (CIBA Core 1.0 §7.1). Nobody signs in with
 * one, so it is not a sign-in method.
 */
import type { Audit, AuditContext, AuditEvent } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { randomId } from '#shared/ids.ts'
import { whileCounted } from '../attempt-limit.ts'
import type { Attempts } from '../attempts.ts'
import type { Hasher } from '../hashing.ts'
import { preparedPassword } from '../password/prepared-password.ts'
import { createUserCodeStore } from './user-code-store.ts'

/** In Unicode code points. */
export const USER_CODE_LENGTH = { min: 4, max: 64 } as const

export interface UserCodesDeps {
  readonly db: Database
  readonly audit: Pick<Audit, 'recordIn'>
  readonly attempts: Pick<Attempts, 'begin'>
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly hasher: Hasher
}

export interface UserCodes {
  /** Returns when the code was set, or undefined if there is none. */
  state(accountId: string): Promise<{ updatedAt: Date } | undefined>
  /**
   * Sets the code, in place of any other. Returns false if it is too short or too long. Throws SignInBusy. Audits
   * account.user_code_set.
   */
  set(accountId: string, code: string, by: AuditContext): Promise<boolean>
  /** Removes the code, and audits account.user_code_removed if there was one. */
  remove(accountId: string, by: AuditContext): Promise<void>
  /**
   * Returns why the code that a client presents is refused, or undefined if it is right. `accountId` may be the id of
   * nobody, which takes the same work. Throws TooManyAttempts and SignInBusy.
   */
  verify(accountId: string, code: string, clientId: string): Promise<string | undefined>
}

export function createUserCodes({ db, audit, attempts, keyring, hasher }: UserCodesDeps): UserCodes {
  const store = createUserCodeStore(db, keyring)
  let standIn: string | undefined

  async function judge(accountId: string, code: string): Promise<string | undefined> {
    // an id without a code is checked against the hash of a random one, as unknown people are at sign-in
    standIn ??= await hasher.hash(randomId())
    const hash = await store.find(accountId)
    const matches = await hasher.verify(hash ?? standIn, preparedPassword(code))
    if (hash === undefined) return 'nobody of this hint has a user code'
    return matches ? undefined : 'wrong user code'
  }

  return {
    state: (accountId) => store.state(accountId),

    async set(accountId, typed, by) {
      const code = preparedPassword(typed)
      const length = Array.from(code).length
      if (length < USER_CODE_LENGTH.min || length > USER_CODE_LENGTH.max) return false
      const hash = await hasher.hash(code)
      await db.transaction(async (trx) => {
        await createUserCodeStore(trx, keyring).put(accountId, hash)
        await audit.recordIn(trx, eventOf('account.user_code_set', accountId, by))
      })
      return true
    },

    async remove(accountId, by) {
      await db.transaction(async (trx) => {
        if (!(await createUserCodeStore(trx, keyring).remove(accountId))) return
        await audit.recordIn(trx, eventOf('account.user_code_removed', accountId, by))
      })
    },

    async verify(accountId, code, clientId) {
      const attempt = { method: 'user-code', who: accountId, clientId, address: undefined }
      // the caller records all that is refused
      const facts = { attempts, onWait: () => Promise.resolve() }
      const { refusal } = await whileCounted(facts, attempt, async () => ({
        account: undefined,
        refusal: await judge(accountId, code),
      }))
      return refusal
    },
  }
}

function eventOf(
  type: 'account.user_code_set' | 'account.user_code_removed',
  accountId: string,
  by: AuditContext,
): AuditEvent {
  return { ...by, type, outcome: 'success', accountId, subject: { kind: 'account', id: accountId } }
}
