/** Delays password resets after somebody other than the owner has changed an account's address. */
import type { Account } from '#accounts/account.ts'
import type { Clock } from '#shared/clock.ts'

/** Returns when a reset by the account's address becomes possible; undefined if it is possible now. */
export type ResetDelay = (account: Pick<Account, 'emailChangedAt'>) => Date | undefined

export function createResetDelay({ clock, seconds }: { clock: Clock; seconds: () => number }): ResetDelay {
  return ({ emailChangedAt }) => {
    if (!emailChangedAt) return undefined
    const from = new Date(emailChangedAt.getTime() + seconds() * 1000)
    return from > clock.now() ? from : undefined
  }
}
