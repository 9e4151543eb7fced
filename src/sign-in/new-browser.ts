/** Tells people by mail of a sign-in with a browser that their account is not known in (ASVS 6.3.5). */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Clock } from '#shared/clock.ts'
import { languageOf } from './notice.ts'

/** The account page with the places where the person is signed in. It requires a sign-in. */
const SESSIONS_PATH = '/account/sessions'
/** An account younger than this, in milliseconds, is on its way to its first browser, which is no news to anyone. */
const FIRST_BROWSER_MS = 3_600_000

/** `device`: the names of browser and system. */
export type NotifyNewBrowser = (account: Account, by: AuditContext, device: string | undefined) => Promise<void>

export function createNotifyNewBrowser(deps: {
  readonly db: Queryable
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
}): NotifyNewBrowser {
  const { db, mail, clock } = deps
  return async (account, { address }, device) => {
    const at = clock.now()
    if (at.getTime() - account.createdAt.getTime() < FIRST_BROWSER_MS) return
    await mail.enqueue(db, {
      to: account.email,
      language: languageOf(account),
      template: 'new_browser',
      data: {
        at: at.toISOString(),
        path: SESSIONS_PATH,
        ...(address === undefined ? {} : { address }),
        ...(device === undefined ? {} : { device }),
      },
    })
  }
}
