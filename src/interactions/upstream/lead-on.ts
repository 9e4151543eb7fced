/** Sends people to the upstream provider that manages the domain of their address. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { StepDeps } from '../step.ts'
import { showUpstreamPage } from './page.ts'

/** The parameter that passes the address on to the provider. */
export const LOGIN_HINT = 'login_hint'
export const MAX_LOGIN_HINT = 254

/** Shows the page that leads to the provider of an address. Returns false if there is no such provider. */
export async function leadOn(
  deps: StepDeps,
  ctx: Context,
  interaction: OpenInteraction,
  identifier: string,
): Promise<boolean> {
  const { upstreamSignIn, paths } = deps
  const { uid } = interaction
  const upstream = await upstreamSignIn.forIdentifier(identifier)
  // a person who has just returned from it signs in here once, to link the two accounts
  if (!upstream || (await upstreamSignIn.offerOf(uid))?.upstream === upstream.id) return false
  const href = `${paths.upstream(uid, upstream.id)}?${LOGIN_HINT}=${encodeURIComponent(identifier)}`
  await showUpstreamPage(deps, ctx, interaction, { kind: 'led', name: upstream.name, href, who: identifier })
  return true
}
