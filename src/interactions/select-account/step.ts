/** The step that asks which account to continue with (`prompt=select_account`). */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'
import { selectAccountPage } from './page.ts'

export function createSelectAccountStep(deps: StepDeps): Step {
  const { accounts, gateway, paths } = deps

  async function show(ctx: Context, interaction: OpenInteraction, isStale = false): Promise<void> {
    const { accountId, client, uid } = interaction
    const account = accountId === undefined ? undefined : await accounts.read(accountId)
    await sendStep(deps, ctx, interaction, {
      account,
      status: isStale ? 403 : undefined,
      page: (view) =>
        selectAccountPage({
          ...view,
          client,
          actions: {
            select: paths.form(uid, 'select-account'),
            another: paths.form(uid, 'another-account'),
            cancel: paths.form(uid, 'cancel'),
          },
          who: account?.email ?? '',
          isStale,
        }),
    })
  }

  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt !== 'select_account') return paths.backToQuestion(ctx, interaction.uid)
    if (!(await guardForm(deps, ctx, interaction))) return show(ctx, interaction, true)
    await gateway.selected(ctx)
  }

  async function another(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    if (interaction.prompt === 'select_account' && (await guardForm(deps, ctx, interaction)))
      await gateway.asAnother(ctx)
    paths.backToQuestion(ctx, interaction.uid)
  }

  return {
    name: 'select-account',
    asks: ({ wants }) => wants.kind === 'select_account',
    show: (ctx, interaction) => show(ctx, interaction),
    routes: [
      { path: 'select-account', post: answer },
      { path: 'another-account', post: another },
    ],
  }
}
