/** Links that a person who is signed in makes: proven here by their session, and at the provider by the way there and back. */
import type { Account } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Federated, OwnLink } from './federated.ts'
import { createLinks, type LinksDeps } from './links.ts'
import { redeem, type RedemptionDeps } from './redemption.ts'
import type { Upstream } from './upstream.ts'

/** What waits for an answer is a session; no interaction is called so. */
const WAITING = 'session '

export interface OwnLinksDeps extends LinksDeps, RedemptionDeps {
  readonly begin: (upstream: string, uid: string) => Promise<URL | undefined>
}

export function createOwnLinks(deps: OwnLinksDeps): Pick<Federated, 'beginLink' | 'finishLink' | 'returnOf'> {
  const { audit, begin, requests } = deps
  const links = createLinks(deps)

  async function refuse(
    account: Account,
    by: AuditContext,
    { upstream, reason }: { upstream: Upstream | undefined; reason: string },
  ): Promise<void> {
    await audit.record({
      ...by,
      type: 'account.linked',
      outcome: 'failure',
      accountId: account.sub,
      subject: { kind: 'account', id: account.sub },
      reason,
      ...(upstream && { detail: { upstream: upstream.id } }),
    })
  }

  return {
    beginLink: ({ upstream, session }) => begin(upstream, WAITING + session),

    async finishLink({ account, session, answer }: OwnLink, by) {
      const redemption = await redeem(deps, { uid: WAITING + session, answer })
      const { upstream, kind } = redemption
      if (kind !== 'claims') {
        await refuse(account, by, { upstream, reason: redemption.refusal })
        return kind
      }
      if (await links.add(account, redemption.upstream, redemption.claims.sub, by)) return 'linked'
      await refuse(account, by, { upstream, reason: 'the person at the provider is linked already' })
      return 'taken'
    },

    async returnOf(state) {
      const uid = await requests.interactionOf(state)
      if (uid === undefined) return undefined
      return uid.startsWith(WAITING) ? { to: 'account' } : { to: 'interaction', uid }
    },
  }
}
