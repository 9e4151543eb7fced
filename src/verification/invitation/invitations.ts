/** Invites people to an account that nobody can sign in to yet, by a link that is valid once and for seven days. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Settings } from '#settings/settings.ts'
import type { Clock } from '#shared/clock.ts'
import { randomId, sha256 } from '#shared/ids.ts'
import { languageOf, noticeOf } from '#sign-in/notice.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import { createSignInProgress } from '#sign-in/progress-store.ts'
import { MailRefusal } from '../errors.ts'
import type { EndAccess } from '../password-reset.ts'
import { createInvitationsStore } from './invitations-store.ts'

/** The page that the link opens, in any browser. */
export const INVITATION_PATH = '/invitation'

export interface Invitations {
  /** Sends a link, which replaces an earlier one. Throws MailRefusal (409). Audits invitation.sent. */
  send(account: Account, by: AuditContext): Promise<void>
  /** Returns the account of the link; undefined if it was spent, has ended or never existed. */
  find(token: string): Promise<Account | undefined>
  /**
   * Sets the name and first password of the invited person; the link verifies their address. Ends the account's
   * sessions and grants and sends a notice. Returns undefined if the link has ended. Throws AccountInvalid (name) and
   * PasswordInvalid, after which the person may try again, and SignInBusy. Audits password.reset and account.updated.
   */
  accept(token: string, person: { name: string; password: string }, by: AuditContext): Promise<Account | undefined>
  removeExpired(): Promise<number>
}

export interface InvitationsDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'updateIn' | 'useMailLink'>
  readonly passwords: Pick<Passwords, 'reset'>
  readonly audit: Pick<Audit, 'recordIn'>
  readonly mail: Pick<Mail, 'available' | 'enqueue'>
  readonly settings: Pick<Settings, 'current'>
  readonly clock: Clock
  /** Whether the account has a credential to begin a sign-in with, even one whose provider is disabled. */
  readonly isInUse: (accountId: string) => Promise<boolean>
  readonly endAccess: EndAccess
}

/** Rolls back if the invitation was spent, or the account's links have ended, meanwhile. */
class InvitationSpent extends Error {}

const tokenHashOf = (token: string) => sha256(`invitation ${token}`)

export function createInvitations(deps: InvitationsDeps): Invitations {
  const { accounts, clock, db, endAccess, isInUse, mail, passwords, settings } = deps
  const store = createInvitationsStore(db)

  async function find(token: string): Promise<Account | undefined> {
    const invitation = isOff(settings) ? undefined : await store.find(tokenHashOf(token))
    const account = invitation && (await accounts.read(invitation.sub))
    if (account?.status !== 'enabled' || account.mailLinksVersion !== invitation?.mailLinksVersion) return undefined
    return (await isInUse(account.id)) ? undefined : account
  }

  return {
    find,
    send: (account, by) => send(deps, account, by),
    async accept(token, { name, password }, by) {
      const account = await find(token)
      if (!account) return undefined
      const own: AuditContext = { ...by, actor: { kind: 'account', id: account.id } }
      const owner = { ...account, name }
      let accepted: Account | undefined
      try {
        await passwords.reset(owner, password, own, async (trx) => {
          if (!(await accounts.useMailLink(trx, account))) throw new InvitationSpent()
          if (!(await createInvitationsStore(trx).take(tokenHashOf(token)))) throw new InvitationSpent()
          accepted = await accounts.updateIn(trx, account, { name, emailVerified: true }, own)
          await endAccess(trx, account.id, 'invitation_accepted')
          await createSignInProgress(trx).endOf(account.id)
          await mail.enqueue(trx, noticeOf(account, 'invitation_accepted', { by, at: clock.now() }))
        })
      } catch (error) {
        if (error instanceof InvitationSpent) return undefined
        throw error
      }
      return accepted
    },
    removeExpired: store.removeExpired,
  }
}

const isOff = (settings: Pick<Settings, 'current'>) => settings.current().registration.mode === 'off'

async function send(deps: InvitationsDeps, account: Account, by: AuditContext): Promise<void> {
  const { audit, db, isInUse, mail, settings } = deps
  if (isOff(settings)) throw new MailRefusal('registration_off')
  if (!mail.available) throw new MailRefusal('mail_unavailable')
  if (account.status !== 'enabled') throw new MailRefusal('account_disabled')
  if (await isInUse(account.id)) throw new MailRefusal('account_in_use')
  const token = randomId('inv-')
  await db.transaction(async (trx) => {
    const until = await createInvitationsStore(trx).put(account, tokenHashOf(token))
    await mail.enqueue(trx, {
      to: account.email,
      language: languageOf(account),
      template: 'invitation',
      data: { path: `${INVITATION_PATH}?token=${token}`, until: until.toISOString() },
    })
    const subject = { kind: 'account', id: account.id }
    await audit.recordIn(trx, { ...by, type: 'invitation.sent', outcome: 'success', accountId: account.id, subject })
  })
}
