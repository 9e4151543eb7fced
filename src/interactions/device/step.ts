/** The step that asks whether the person began what their device waits for (RFC 8628 §5.4), before anybody signs in. */
import type { Context } from 'koa'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import { scopesInWords } from '#resources/asked/asked.ts'
import { choicesOf } from '../consent/choice.ts'
import { readDecision } from '../flow.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'
import { DEVICE_PATH } from './code.ts'
import { comparePage, endPage } from './page.ts'

const STEP = 'device'

export function createDeviceStep(deps: StepDeps): Step {
  const { browserSessions, devices, gateway, paths, resources } = deps

  async function show(ctx: Context, interaction: OpenInteraction, isStale = false): Promise<void> {
    const { client, missing, uid } = interaction
    const waiting = await devices.waiting(ctx)
    if (typeof waiting === 'string') {
      const language = chooseLanguage(ctx)
      const end = endPage({ language, end: waiting, clientName: client.name, codePath: paths.of(DEVICE_PATH) })
      return sendPage(ctx, { language, ...end, brand: client.brand })
    }
    const session = await browserSessions.of(ctx)
    await sendStep(deps, ctx, interaction, {
      account: session?.account,
      status: isStale ? 403 : undefined,
      page: async (view) =>
        comparePage({
          ...view,
          client,
          action: paths.form(uid, STEP),
          waiting,
          scopes: await scopesInWords(resources, choicesOf(missing), view.language),
          who: session?.account.email,
          isStale,
        }),
    })
  }

  return {
    name: STEP,
    asks: ({ wants }) => wants.kind === STEP,
    show: (ctx, interaction) => show(ctx, interaction),
    routes: [
      {
        path: STEP,
        async post(ctx) {
          const interaction = await openInteraction(deps, ctx)
          if (interaction.prompt !== STEP) return paths.backToQuestion(ctx, interaction.uid)
          const form = await guardForm(deps, ctx, interaction)
          if (!form) return show(ctx, interaction, true)
          const decision = readDecision(form)
          if (decision === 'allow') return gateway.continued(ctx)
          if (decision === 'deny') return gateway.denied(ctx)
          paths.backToQuestion(ctx, interaction.uid)
        },
      },
    ],
  }
}
