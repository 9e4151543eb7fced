/** Finds the signed-in account of a request, for pages outside the protocol endpoints. */
import type { Context } from 'koa'
import type Provider from 'oidc-provider'
import type { Account, Accounts } from '#accounts/account.ts'
import type { ProofTimes } from '#sign-in/proof-times.ts'
import { orUnavailable } from '../adapter/errors.ts'
import { addProofs, provenAtOf } from './proof-times.ts'

export interface BrowserSession {
  /** Names the session in audit events and when ending it. Not a secret. */
  readonly uid: string
  /** Read from PostgreSQL in this request; always enabled. */
  readonly account: Account
  /** RFC 8176 and OpenID Connect Core §2. */
  readonly amr: readonly string[]
  readonly acr: string | undefined
  /** When the person last proved who they are. */
  readonly signedInAt: Date
  /** When the person proved each method, also in earlier sign-ins of the session. */
  readonly provenAt: ProofTimes
}

export interface BrowserSessions {
  /** Returns the session. Undefined when nobody is signed in, or the account is disabled. */
  of(ctx: Context): Promise<BrowserSession | undefined>
  /** Records that the signed-in person proved a method now, outside a sign-in. `at`: in epoch seconds. */
  proved(ctx: Context, method: string, at: number): Promise<void>
}

export function createBrowserSessions(deps: {
  readonly provider: () => Provider
  readonly accounts: Pick<Accounts, 'read'>
}): BrowserSessions {
  return {
    async of(ctx) {
      const { Session } = deps.provider()
      const session = await orUnavailable(() => Session.get(ctx))
      const { accountId, uid, loginTs } = session
      if (accountId === undefined || loginTs === undefined) return undefined
      const account = await orUnavailable(() => deps.accounts.read(accountId))
      if (account?.status !== 'enabled') return undefined
      const signedInAt = new Date(loginTs * 1000)
      return { uid, account, amr: session.amr ?? [], acr: session.acr, signedInAt, provenAt: provenAtOf(session) }
    },
    async proved(ctx, method, at) {
      const session = await orUnavailable(() => deps.provider().Session.get(ctx))
      if (session.accountId === undefined) return
      addProofs(session, { [method]: at })
      await orUnavailable(() => session.persist())
    },
  }
}
