/** The step for whoever is asked for a proof that their account does not have. */
import { html } from '#pages/design/html.ts'
import type { Context } from 'koa'
import { button, form, hidden } from '#pages/design/components.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import type { Proofs } from '../proofs.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, type StepDeps } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

export interface UnmetStep {
  show(ctx: Context, interaction: OpenInteraction, accountSub: string): Promise<void>
  /** Back to the app, which is told so. */
  answer(ctx: Context): Promise<void>
}

export function createUnmetStep(deps: StepDeps, proofs: Proofs): UnmetStep {
  const { accounts, gateway, paths } = deps
  return {
    async show(ctx, interaction, accountSub) {
      const { client, uid, asked } = interaction
      const wantsPasskey = !asked.includes('urn:signet:acr:mfa')
      await sendStep(deps, ctx, interaction, {
        account: await accounts.read(accountSub),
        page({ language, csrfField }) {
          const texts = TEXTS[language].unmet
          const csrf = hidden(csrfField.name, csrfField.value)
          const restart = html`${csrf}${button({ label: TEXTS[language].code.restart, kind: 'quiet' })}`
          const content = html`<div class="lines">
              <h1>${texts.title}</h1>
              <p>${wantsPasskey ? texts.passkey(client.name) : texts.more(client.name)}</p>
              <p>${texts.words}</p>
            </div>
            ${form(
              paths.form(uid, 'unmet'),
              html`${csrf}${button({ label: texts.back(client.name), kind: 'primary' })}`,
            )}
            <div class="close">${form(paths.form(uid, 'restart'), restart)}</div>`
          return { title: texts.title, content }
        },
      })
    },

    async answer(ctx) {
      const interaction = await openInteraction(deps, ctx)
      const { next } = await proofs.state(interaction)
      if (next !== 'unmet' || !(await guardForm(deps, ctx, interaction))) {
        return paths.backToQuestion(ctx, interaction.uid)
      }
      await proofs.forget(interaction)
      await gateway.unmet(ctx)
    },
  }
}
