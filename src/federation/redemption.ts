/** Redeems the answer of a provider, once: returns the verified claims, or why the answer cannot be used. */
import type { UpstreamAnswer } from './upstream-sign-in.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { openPostedName, POSTED_NAME } from './posted-names.ts'
import { traitsOf } from './presets/registry.ts'
import type { Redeemed, UpstreamClaims } from './redeemed.ts'
import type { Providers } from './upstream-client.ts'
import { kindOf, type RefusalKind, refusalOf } from './refusals.ts'
import type { UpstreamRequests } from './requests.ts'
import type { Upstream, Upstreams } from './upstream.ts'

export interface RedemptionDeps {
  readonly upstreams: Pick<Upstreams, 'read'>
  readonly providers: Pick<Providers, 'redeem'>
  readonly requests: Pick<UpstreamRequests, 'take'>
  readonly keyring: Pick<Keyring, 'open'>
}

export type Redemption =
  | {
      readonly kind: 'claims'
      readonly upstream: Upstream
      readonly claims: UpstreamClaims
      readonly profile: Redeemed['profile']
      /** When the request began, in epoch seconds. */
      readonly beganAt: number | undefined
    }
  | { readonly kind: RefusalKind; readonly upstream: Upstream | undefined; readonly refusal: string }

/** Redeems an answer. `uid` must be the one with which the request began. */
export async function redeem(deps: RedemptionDeps, { uid, answer }: UpstreamAnswer): Promise<Redemption> {
  const parameters = new URLSearchParams(answer)
  const state = parameters.get('state') ?? ''
  const request = await deps.requests.take(uid, state)
  if (!request) return refused(undefined, 'the state was spent, is too old or is not for this page')
  const upstream = await deps.upstreams.read(request.upstream)
  if (!upstream?.enabled) return refused(upstream, 'the provider is disabled or gone')
  try {
    const { claims, profile } = await deps.providers.redeem(upstream, parameters, { ...request, state })
    const posted = traitsOf(upstream).postsName ? parameters.get(POSTED_NAME) : null
    const named = async () => ({ ...openPostedName(deps.keyring, state, posted), ...(await profile()) })
    return { kind: 'claims', upstream, claims, profile: named, beganAt: request.beganAt }
  } catch (error) {
    return { kind: kindOf(error), upstream, refusal: refusalOf(error) }
  }
}

function refused(upstream: Upstream | undefined, refusal: string): Redemption {
  return { kind: 'refused', upstream, refusal }
}
