/** The route `/accounts/{sub}/unlock-factors`: unlocks second factors that were locked after wrong codes. */
import type { Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import { AccountNotFound } from '#accounts/errors.ts'
import { route, type Route } from '../route.ts'

export interface AccountFactorRoutesDeps {
  readonly accounts: Pick<Accounts, 'read'>
  readonly unlockFactors: (accountId: string, by: AuditContext) => Promise<void>
}

export function accountFactorRoutes({ accounts, unlockFactors }: AccountFactorRoutesDeps): Route[] {
  return [
    route({
      method: 'POST',
      path: '/accounts/{sub}/unlock-factors',
      operationId: 'unlockFactors',
      tag: 'Accounts',
      summary: 'Unlock the second factors of an account that were locked after 100 wrong codes in a row',
      scope: 'accounts:write',
      answer: { status: 204, description: 'No second factor of the account is locked.' },
      refusals: [404],
      async handle({ params, by }) {
        const accountId = params.sub as string
        if (!(await accounts.read(accountId))) throw new AccountNotFound(accountId)
        await unlockFactors(accountId, by)
        return {}
      },
    }),
  ]
}
