/** Creates the steps of prompts that the signed-in person answers with one click. */
import type { Context } from 'koa'
import type { InteractionClient, OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { sendStep, type StepPage, type StepView } from './send-step.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from './step.ts'

export interface ClickView extends StepView {
  readonly client: InteractionClient
  /** The e-mail address of the signed-in person. */
  readonly who: string
  /** The form was forged or too old. */
  readonly isStale: boolean
  /** Returns where the form of a step posts to. */
  readonly pathOf: (step: string) => string
}

export interface ClickStep {
  readonly prompt: 'continue' | 'select_account'
  readonly page: (view: ClickView) => StepPage
  /** What each form does, by its path. */
  readonly forms: Readonly<Record<string, (ctx: Context, interaction: OpenInteraction) => Promise<void>>>
}

export function createClickStep(deps: StepDeps, { prompt, page, forms }: ClickStep): Step {
  const { accounts, paths } = deps

  async function show(ctx: Context, interaction: OpenInteraction, isStale = false): Promise<void> {
    const { accountId, client, uid } = interaction
    const account = accountId === undefined ? undefined : await accounts.read(accountId)
    const pathOf = (step: string) => paths.form(uid, step)
    await sendStep(deps, ctx, interaction, {
      account,
      status: isStale ? 403 : undefined,
      page: (view) => page({ ...view, client, who: account?.email ?? '', isStale, pathOf }),
    })
  }

  return {
    name: prompt,
    asks: ({ wants }) => wants.kind === prompt,
    show: (ctx, interaction) => show(ctx, interaction),
    routes: Object.entries(forms).map(([path, clicked]) => ({
      path,
      async post(ctx) {
        const interaction = await openInteraction(deps, ctx)
        if (interaction.prompt !== prompt) return paths.backToQuestion(ctx, interaction.uid)
        if (!(await guardForm(deps, ctx, interaction))) return show(ctx, interaction, true)
        await clicked(ctx, interaction)
      },
    })),
  }
}
