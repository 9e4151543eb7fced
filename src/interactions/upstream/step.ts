/** The step that sends the person to an upstream provider, and takes in what comes back. */
import type { Context } from 'koa'
import { InteractionLost, type OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { UpstreamUnavailable } from '#federation/errors.ts'
import { isReauthentication } from '../flow.ts'
import type { Proofs } from '../proofs.ts'
import { anonymous, guardForm, openInteraction, putOff, type StepDeps } from '../step.ts'
import type { UpstreamSignOut } from '../sign-out/upstream.ts'
import { pageOf, showUpstreamPage } from './page.ts'

export interface UpstreamStep {
  /** On to the provider: 303. */
  begin(ctx: Context): Promise<void>
  /** `<issuer>/upstream/callback`: back to what waits for the answer, which the browser that asked alone can open. */
  callback(ctx: Context): Promise<void>
  /** Takes the answer in. */
  finish(ctx: Context): Promise<void>
  /** The person does not want to be linked. */
  decline(ctx: Context): Promise<void>
  /** Shows the way to the provider that looks after the domain of an address; false where none does. */
  leadOn(ctx: Context, interaction: OpenInteraction, identifier: string): Promise<boolean>
}

/** The parameter by which an address goes along to the provider that looks after it. */
const HINT = 'login_hint'
const MAX_HINT = 254

export interface UpstreamStepDeps extends StepDeps {
  readonly signOut: Pick<UpstreamSignOut, 'remember'>
}

export function createUpstreamStep(deps: UpstreamStepDeps, proofs: Proofs): UpstreamStep {
  const { federated, paths } = deps
  return {
    begin: (ctx) => begin(deps, ctx),
    callback: (ctx) => callback(deps, ctx),
    finish: (ctx) => finish(deps, proofs, ctx),

    async decline(ctx) {
      const interaction = await openInteraction(deps, ctx)
      if (await guardForm(deps, ctx, interaction)) await federated.dropOffer(interaction.uid)
      toQuestion(deps, ctx, interaction)
    },

    async leadOn(ctx, interaction, identifier) {
      const { uid } = interaction
      const upstream = await federated.forIdentifier(identifier)
      // whoever came back from it signs in here once, to be linked
      if (!upstream || (await federated.offerOf(uid))?.upstream === upstream.id) return false
      const href = `${paths.upstream(uid, upstream.id)}?${HINT}=${encodeURIComponent(identifier)}`
      await showUpstreamPage(deps, ctx, interaction, { kind: 'led', name: upstream.name, href, who: identifier })
      return true
    },
  }
}

async function begin(deps: StepDeps, ctx: Context): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  if (interaction.prompt !== 'login') return toQuestion(deps, ctx, interaction)
  const hint = ctx.query[HINT]
  const loginHint = typeof hint === 'string' && hint.length <= MAX_HINT ? hint : undefined
  const upstream = String((ctx.params as Record<string, unknown>)['upstream'])
  const { uid } = interaction
  try {
    const url = await deps.federated.begin({ upstream, uid, loginHint, again: isReauthentication(interaction) })
    if (!url) return toQuestion(deps, ctx, interaction)
    ctx.redirect(url.href)
    ctx.status = 303
    ctx.set('Cache-Control', 'no-store')
  } catch (error) {
    if (!(error instanceof UpstreamUnavailable)) throw error
    ctx.set('Retry-After', String(error.retryAfterSeconds))
    await showUpstreamPage(deps, ctx, interaction, { kind: 'unavailable', name: error.upstream })
  }
}

async function callback({ federated, paths }: StepDeps, ctx: Context): Promise<void> {
  const { state } = ctx.query
  const waiting = typeof state === 'string' ? await federated.returnOf(state) : undefined
  if (waiting === undefined) {
    // nobody waits for it, but it is looked at, so that it is counted and told to the audit log
    await federated.finish({ uid: '', answer: ctx.querystring }, anonymous(ctx))
    throw new InteractionLost('unknown')
  }
  const back = waiting.to === 'account' ? paths.linked : paths.form(waiting.uid, 'upstream')
  ctx.redirect(`${back}?${ctx.querystring}`)
  ctx.status = 303
}

async function finish(deps: UpstreamStepDeps, proofs: Proofs, ctx: Context): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  const { uid, client } = interaction
  if (interaction.prompt !== 'login' || ctx.query['state'] === undefined) return toQuestion(deps, ctx, interaction)
  try {
    const answer = { uid, answer: ctx.querystring, clientId: client.id }
    const outcome = await deps.federated.finish(answer, anonymous(ctx))
    if (outcome.kind !== 'proof') return await showUpstreamPage(deps, ctx, interaction, pageOf(outcome))
    deps.signOut.remember(ctx, outcome.upstream.id)
    ctx.search = ''
    await proofs.take(ctx, interaction, outcome.proof)
  } catch (error) {
    if (!putOff(ctx, error)) throw error
    await showUpstreamPage(deps, ctx, interaction, { kind: 'tooMany' })
  }
}

/** What the provider sent along goes no further. */
function toQuestion({ paths }: StepDeps, ctx: Context, { uid }: OpenInteraction): void {
  ctx.search = ''
  paths.backToQuestion(ctx, uid)
}
