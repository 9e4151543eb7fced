/** Runs the steps that sign-in methods define. A method provides the page; everything else happens here. */
import type { Context } from 'koa'
import { notice } from '#pages/design/components.ts'
import { html } from '#pages/design/html.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { withAttemptLimit } from '#sign-in/attempt-limit.ts'
import type { MethodAttempt, MethodPage, MethodStep, SignInMethod, StepVisit } from '#sign-in/sign-in-method.ts'
import { anonymous } from '../paths.ts'
import { sendStep, viewOf } from '../send-step.ts'
import { bindingOf, guardForm, openInteraction, putOff, type Step, type StepDeps } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

/** A visit to a method's step within an interaction. */
interface Visited {
  readonly interaction: OpenInteraction
  readonly method: SignInMethod
  readonly step: MethodStep
  readonly visit: StepVisit
}

/** Creates the steps: GET shows the page, POST handles its form. A method's first step asks for it as second proof. */
export function createMethodSteps(deps: StepDeps): Step[] {
  return deps.methods.methods.flatMap((method) =>
    (method.steps ?? []).map((step, at): Step => ({
      name: step.path,
      asks: ({ wants }) => at === 0 && wants.kind === 'second' && wants.methods[0] === method.name,
      show: (ctx, interaction) => show(deps, ctx, visited(deps, ctx, { interaction, method, step })),
      routes: [
        {
          path: step.path,
          get: (ctx) => forSignIn(deps, ctx, { method, step }, (here) => show(deps, ctx, here)),
          post: (ctx) => forSignIn(deps, ctx, { method, step }, (here) => answer(deps, ctx, here)),
        },
      ],
    })),
  )
}

function visited(deps: StepDeps, ctx: Context, at: Omit<Visited, 'visit'>): Visited {
  const { interaction } = at
  const visit: StepVisit = {
    ...viewOf(deps, ctx, interaction),
    binding: bindingOf(interaction),
    pathOf: (path) => deps.paths.form(interaction.uid, path),
    query: new URLSearchParams(ctx.querystring),
    by: anonymous(ctx),
  }
  return { ...at, visit }
}

/** Serves the step during a sign-in; otherwise redirects to the question. */
async function forSignIn(
  deps: StepDeps,
  ctx: Context,
  at: Omit<Visited, 'interaction' | 'visit'>,
  serve: (here: Visited) => Promise<void>,
): Promise<void> {
  const interaction = await openInteraction(deps, ctx)
  if (interaction.prompt === 'login') await serve(visited(deps, ctx, { ...at, interaction }))
  else deps.paths.backToQuestion(ctx, interaction.uid)
}

async function show(deps: StepDeps, ctx: Context, here: Visited): Promise<void> {
  await send(deps, ctx, { ...here, page: await here.step.show(here.visit) })
}

async function answer(deps: StepDeps, ctx: Context, here: Visited): Promise<void> {
  const { interaction, step, visit } = here
  const form = await guardForm(deps, ctx, interaction)
  if (!form) return send(deps, ctx, { ...here, page: { ...(await step.show(visit)), status: 403 }, problem: 'stale' })
  const answered = await step.answer(visit, form)
  if ('page' in answered) await send(deps, ctx, { ...here, page: answered.page })
  else await attempt(deps, ctx, here, answered.attempt)
}

async function attempt(deps: StepDeps, ctx: Context, here: Visited, { who, judge, refused }: MethodAttempt) {
  const { interaction, method, visit } = here
  try {
    const facts = { method, who, clientId: interaction.client.id, by: visit.by }
    const account = await withAttemptLimit(deps, facts, judge)
    if (!account) return await send(deps, ctx, { ...here, page: { status: 422, ...refused } })
    await deps.proofs.take(ctx, interaction, { account, method: method.name, amr: method.amr.always })
  } catch (error) {
    const delayed = putOff(ctx, error)
    if (!delayed) throw error
    await send(deps, ctx, { ...here, page: { ...refused, status: delayed.status }, problem: delayed.problem })
  }
}

async function send(
  deps: StepDeps,
  ctx: Context,
  {
    interaction,
    step,
    page,
    problem,
  }: Visited & {
    readonly page: MethodPage
    readonly problem?: 'stale' | 'busy' | 'tooMany'
  },
): Promise<void> {
  await sendStep(deps, ctx, interaction, {
    status: page.status,
    path: deps.paths.form(interaction.uid, step.path),
    page: ({ language }) =>
      problem === undefined
        ? page
        : { ...page, content: html`${notice('method-notice', TEXTS[language].code[problem])}${page.content}` },
  })
}
