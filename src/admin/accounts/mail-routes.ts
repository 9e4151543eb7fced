/** Routes `/accounts/{sub}/invite` and `…/reset-password`: send mails with which people set their own password. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import { AccountNotFound } from '#accounts/errors.ts'
import type { PasswordReset } from '#verification/password-reset.ts'
import type { Invitations } from '#verification/invitation/invitations.ts'
import { route, type Route } from '../route.ts'

export interface AccountMailRoutesDeps {
  readonly accounts: Pick<Accounts, 'read'>
  readonly passwordReset: Pick<PasswordReset, 'start'>
  readonly invitations: Pick<Invitations, 'send'>
}

interface Row {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  send(account: Account, by: AuditContext): Promise<void>
}

/** Returns the routes. With them, administrators never see or choose a password (ASVS 6.4.6). */
export function accountMailRoutes(deps: AccountMailRoutesDeps): Route[] {
  const rows: readonly Row[] = [
    {
      path: '/accounts/{sub}/invite',
      operationId: 'inviteAccount',
      summary: 'Invite the owner of an account without a sign-in method, by a link that works once within seven days',
      send: (account, by) => deps.invitations.send(account, by),
    },
    {
      path: '/accounts/{sub}/reset-password',
      operationId: 'resetPassword',
      summary: 'Send the owner of an account a link to choose a new password, good once and for ten minutes',
      send: (account, by) => deps.passwordReset.start(account, by),
    },
  ]
  return rows.map(({ send, ...row }) =>
    route({
      ...row,
      method: 'POST',
      tag: 'Accounts',
      scope: 'accounts:write',
      answer: { status: 204, description: 'The mail is on its way.' },
      refusals: [404, 409, 429],
      async handle({ params, by }) {
        const accountId = params.sub as string
        const account = await deps.accounts.read(accountId)
        if (!account) throw new AccountNotFound(accountId)
        await send(account, by)
        return {}
      },
    }),
  )
}
