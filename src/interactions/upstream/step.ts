/** The step that sends the person to an upstream provider and handles the answer. */
import type { Context } from 'koa'
import { requestOrigin } from '#http/origin.ts'
import { InteractionLost, type OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { readForm } from '#http/body.ts'
import { UPSTREAM_STEP } from '#federation/method.ts'
import { POSTED_NAME } from '#federation/posted-names.ts'
import { UpstreamUnavailable } from '#federation/errors.ts'
import { isReauthentication } from '../flow.ts'
import { anonymous } from '../paths.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'
import { LOGIN_HINT, MAX_LOGIN_HINT } from './lead-on.ts'
import { pageOf, showUpstreamPage } from './page.ts'

/** The approximate size of the row for a request to a provider. */
const REQUEST_BYTES = 512

export function createUpstreamStep(deps: StepDeps): Step {
  async function decline(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (await guardForm(deps, ctx, interaction)) await deps.upstreamSignIn.dropOffer(interaction.uid)
    toQuestion(deps, ctx, interaction)
  }

  return {
    name: UPSTREAM_STEP,
    routes: [
      { path: UPSTREAM_STEP, get: (ctx) => finish(deps, ctx), post: decline },
      { path: `${UPSTREAM_STEP}/:upstream`, get: (ctx) => begin(deps, ctx) },
    ],
  }
}

/** Redirects (303) to the provider. */
async function begin(deps: StepDeps, ctx: Context): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  if (interaction.prompt !== 'login') return toQuestion(deps, ctx, interaction)
  const hint = ctx.query[LOGIN_HINT]
  const loginHint = typeof hint === 'string' && hint.length <= MAX_LOGIN_HINT ? hint : undefined
  const upstream = String((ctx.params as Record<string, unknown>)['upstream'])
  const { uid } = interaction
  deps.writeBudget.charge(requestOrigin(ctx).address, REQUEST_BYTES)
  try {
    const again = interaction.needsRecent || isReauthentication(interaction)
    const url = await deps.upstreamSignIn.begin({ upstream, uid, loginHint, again })
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

/**
 * Serves `<issuer>/upstream/callback`, with or without the id of a provider: redirects to the page that waits for the
 * answer. Only the browser that started the request can open it.
 */
export async function upstreamCallback(
  { upstreamSignIn, paths }: Pick<StepDeps, 'upstreamSignIn' | 'paths'>,
  ctx: Context,
): Promise<void> {
  const { state } = ctx.query
  const waiting = typeof state === 'string' ? await upstreamSignIn.returnOf(state, ctx.path) : undefined
  if (waiting === undefined) {
    // nothing waits for this answer; it is still processed, so that it is audited
    await upstreamSignIn.finish({ uid: '', answer: ctx.querystring }, anonymous(ctx))
    throw new InteractionLost('unknown')
  }
  const back = waiting.to === 'account' ? paths.linked : paths.form(waiting.uid, UPSTREAM_STEP)
  ctx.redirect(`${back}?${ctx.querystring}`)
  ctx.status = 303
}

/** The parameters of an answer that we use (RFC 6749 §4.1.2, RFC 9207). */
const ANSWER = ['code', 'state', 'iss', 'error', 'error_description']

/**
 * Handles an answer that is posted as a form (Form Post Response Mode §2). The provider's page posts it, so the browser
 * does not send our SameSite cookies. It sends them after a redirect (303) to the same address.
 */
export async function upstreamFormAnswer(
  { upstreamSignIn, paths }: Pick<StepDeps, 'upstreamSignIn' | 'paths'>,
  ctx: Context,
): Promise<void> {
  const form = await readForm(ctx)
  const answer = new URLSearchParams()
  for (const name of ANSWER) {
    const value = form.one(name)
    if (value !== undefined) answer.set(name, value)
  }
  const posted = { state: form.one('state') ?? '', user: form.one(POSTED_NAME) ?? '' }
  const name = await upstreamSignIn.postedName(ctx.path, posted)
  if (name !== undefined) answer.set(POSTED_NAME, name)
  ctx.redirect(`${paths.of(ctx.path)}?${answer.toString()}`)
  ctx.status = 303
  ctx.set('Cache-Control', 'no-store')
}

/** Handles the provider's answer. */
async function finish(deps: StepDeps, ctx: Context): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  const { uid, client } = interaction
  if (interaction.prompt !== 'login' || ctx.query['state'] === undefined) return toQuestion(deps, ctx, interaction)
  const answer = { uid, answer: ctx.querystring, clientId: client.id }
  const outcome = await deps.upstreamSignIn.finish(answer, anonymous(ctx))
  if (outcome.kind !== 'proof') return showUpstreamPage(deps, ctx, interaction, pageOf(outcome))
  deps.signOut.remember(ctx, outcome.upstream.id)
  ctx.search = ''
  await deps.proofs.take(ctx, interaction, outcome.proof)
}

/** Redirects to the question, without the provider's parameters. */
function toQuestion({ paths }: StepDeps, ctx: Context, { uid }: OpenInteraction): void {
  ctx.search = ''
  paths.backToQuestion(ctx, uid)
}
