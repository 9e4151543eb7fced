/** Sends mails about account changes, in the transaction of the change (ASVS 6.3.4, 6.3.7). */
import type { Queryable } from '#database/database.ts'
import { deviceOf, nameOfDevice } from '#http/device.ts'
import type { Mail } from '#mail/mail.ts'
import type { FactorChange, IssuerPath } from '#mail/templates/mail-template.ts'
import type { Clock } from '#shared/clock.ts'
import type { Visit } from './visit.ts'

/** Where a person can undo a change, if not on the page of recent activity. */
const PATHS: Partial<Record<FactorChange, IssuerPath>> = { lost_factor_requested: '/account/lost' }

export interface Notices {
  /** `name`: the person's name for what was added or removed. */
  factorChanged(trx: Queryable, visit: Visit, change: FactorChange, name?: string): Promise<void>
  deleted(trx: Queryable, visit: Visit): Promise<void>
}

export function createNotices({ mail, clock }: { readonly mail: Mail; readonly clock: Clock }): Notices {
  const addressee = ({ account, language }: Visit) => ({
    to: account.email,
    language: typeof account.claims['locale'] === 'string' ? account.claims['locale'] : language,
  })
  const origin = ({ ctx, by }: Visit) => {
    const device = nameOfDevice(deviceOf(ctx.get('user-agent')))
    return {
      at: clock.now().toISOString(),
      ...(by.address === undefined ? {} : { address: by.address }),
      ...(device === undefined ? {} : { device }),
    }
  }

  return {
    factorChanged: (trx, visit, change, name) =>
      mail.enqueue(trx, {
        ...addressee(visit),
        template: 'factor_changed',
        data: {
          ...origin(visit),
          change,
          ...(name === undefined ? {} : { name }),
          path: PATHS[change] ?? '/account/activity',
        },
      }),
    deleted: (trx, visit) =>
      mail.enqueue(trx, { ...addressee(visit), template: 'account_deleted', data: origin(visit) }),
  }
}
