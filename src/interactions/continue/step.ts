/** The step that asks for one click, so that an app whose identity is not assured gets nothing silently. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'
import { continuePage } from './page.ts'

export function createContinueStep(deps: StepDeps): Step {
  const { accounts, gateway, paths } = deps

  async function show(ctx: Context, interaction: OpenInteraction, isStale = false): Promise<void> {
    const { accountId, client, uid } = interaction
    const account = accountId === undefined ? undefined : await accounts.read(accountId)
    await sendStep(deps, ctx, interaction, {
      account,
      status: isStale ? 403 : undefined,
      page: (view) =>
        continuePage({
          ...view,
          client,
          action: paths.form(uid, 'continue'),
          who: account?.email ?? '',
          isStale,
        }),
    })
  }

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'continue') return paths.backToQuestion(ctx, interaction.uid)
    if (!(await guardForm(deps, ctx, interaction))) return show(ctx, interaction, true)
    await gateway.continued(ctx)
  }

  return {
    name: 'continue',
    asks: ({ wants }) => wants.kind === 'continue',
    show: (ctx, interaction) => show(ctx, interaction),
    routes: [{ path: 'continue', post: answer }],
  }
}
