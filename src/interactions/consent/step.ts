/** The step that asks the person to allow or deny what an app requests. */
import type { Context } from 'koa'
import type { Form } from '#http/body.ts'
import type { OpenInteraction, ScopeSelection } from '#oidc/interactions/interaction-gateway.ts'
import { askedOfResources } from '#resources/asked/asked.ts'
import { choicesOf, granted } from './choice.ts'
import { ANOTHER, consentPage, SHOWN, type ConsentProblem } from './page.ts'
import { readDecision } from '../flow.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'

/** What is allowed besides authorization details. */
const NO_SCOPE: ScopeSelection = { openidScopes: [], resourceScopes: {} }
const DAY_SECONDS = 86_400
const STATUS = { stale: 403, nothing: 422, changed: 409 } as const satisfies Record<ConsentProblem, number>

export function createConsentStep(deps: StepDeps): Step {
  const { accounts, gateway, paths, resources, settings } = deps

  async function show(ctx: Context, interaction: OpenInteraction, problem?: ConsentProblem): Promise<void> {
    const { client, missing, uid } = interaction
    const account = interaction.accountId === undefined ? undefined : await accounts.read(interaction.accountId)
    const choices = choicesOf(missing)
    const ofResources = await askedOfResources(resources, choices, interaction)
    await sendStep(deps, ctx, interaction, {
      account,
      status: problem && STATUS[problem],
      page: (view) =>
        consentPage({
          ...view,
          client,
          action: paths.form(uid, 'consent'),
          who: account?.email ?? '',
          openidScopes: choices.filter(({ resource }) => resource === undefined),
          resources: ofResources,
          keepsAccess: interaction.keepsAccess,
          mostDays: Math.round(settings.current().lifetimes.refresh_token_absolute_seconds / DAY_SECONDS),
          problem,
        }),
    })
  }

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'consent') return paths.backToQuestion(ctx, interaction.uid)
    const form = await guardForm(deps, ctx, interaction)
    if (!form) return show(ctx, interaction, 'stale')
    if (form.one(ANOTHER) !== undefined) return askAnother(deps, ctx, interaction)
    const decision = readDecision(form)
    if (decision === 'deny') return gateway.denied(ctx)
    if (decision === 'allow') {
      const selection = selectedIn(form, interaction)
      if (!selection) return show(ctx, interaction, 'nothing')
      if (await gateway.allowed(ctx, selection, shownIn(form))) return undefined
      return show(ctx, await openInteraction(deps, ctx), 'changed')
    }
    paths.backToQuestion(ctx, interaction.uid)
  }

  return {
    name: 'consent',
    asks: ({ wants }) => wants.kind === 'consent',
    show: (ctx, interaction) => show(ctx, interaction),
    routes: [{ path: 'consent', post: answer }],
  }
}

/** Returns what the form allows; undefined when nothing was ticked, and there are no authorization details. */
function selectedIn(form: Form, { missing, details }: OpenInteraction): ScopeSelection | undefined {
  return granted(choicesOf(missing), form.all('scope')) ?? (details.length > 0 ? NO_SCOPE : undefined)
}

/** Returns which state of the client document the page showed. */
function shownIn(form: Form): number | undefined {
  const shown = form.one(SHOWN) ?? ''
  return /^\d{1,15}$/.test(shown) ? Number(shown) : undefined
}

/** Starts a sign-in with another account. Ignores a decision in the same form. */
async function askAnother({ gateway, paths }: StepDeps, ctx: Context, { uid }: OpenInteraction): Promise<void> {
  await gateway.asAnother(ctx)
  paths.backToQuestion(ctx, uid)
}
