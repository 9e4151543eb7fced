/**
 * Links the account of a signed-in person to an upstream provider. The session proves the account, and a sign-in at the
 * provider proves the person there.
 */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { UpstreamSignIn, OwnLink } from './upstream-sign-in.ts'
import { callbackPathOf } from './paths.ts'
import { linkEvent, type Links } from './links.ts'
import { redeem, type RedemptionDeps } from './redemption.ts'
import type { UpstreamRequests } from './requests.ts'
import type { Upstream } from './upstream.ts'

/** Marks requests that belong to a session rather than an interaction. No interaction uid begins with it. */
const WAITING = 'session '

export interface OwnLinksDeps extends RedemptionDeps {
  readonly audit: Pick<Audit, 'record'>
  readonly links: Pick<Links, 'add'>
  readonly requests: Pick<UpstreamRequests, 'take' | 'waiting'>
  readonly begin: (upstream: string, uid: string) => Promise<URL | undefined>
}

export function createOwnLinks(deps: OwnLinksDeps): Pick<UpstreamSignIn, 'beginLink' | 'finishLink' | 'returnOf'> {
  const { audit, begin, links, requests } = deps

  function refuse(accountId: string, by: AuditContext, upstream: Upstream | undefined, reason: string): Promise<void> {
    const detail = upstream && { upstream: upstream.id }
    return audit.record(
      linkEvent(accountId, { type: 'account.linked', ...(detail && { detail }), by, refusal: reason }),
    )
  }

  return {
    beginLink: ({ upstream, session }) => begin(upstream, WAITING + session),

    async finishLink({ account, session, answer }: OwnLink, by) {
      const redemption = await redeem(deps, { uid: WAITING + session, answer })
      const { upstream, kind } = redemption
      if (kind !== 'claims') {
        await refuse(account.id, by, upstream, redemption.refusal)
        return kind
      }
      if (await links.add(account, redemption.upstream, redemption.claims.sub, by)) return 'linked'
      await refuse(account.id, by, upstream, 'the person at the provider is linked already')
      return 'taken'
    },

    async returnOf(state, path) {
      const waiting = await requests.waiting(state)
      const upstream = waiting && (await deps.upstreams.read(waiting.upstream))
      if (!upstream || path !== callbackPathOf(upstream)) return undefined
      const { uid } = waiting
      return uid.startsWith(WAITING) ? { to: 'account' } : { to: 'interaction', uid }
    },
  }
}
