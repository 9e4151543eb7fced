/** The step for a person whose account cannot give the proof that the app requires. */
import { html } from '#pages/design/html.ts'
import type { Context } from 'koa'
import { button, form, hidden } from '#pages/design/components.ts'
import { sendStep } from '../send-step.ts'
import { guardForm, openInteraction, type Step, type StepDeps } from '../step.ts'
import { TEXTS } from '../texts/texts.ts'

export function createUnmetStep(deps: StepDeps): Step {
  const { accounts, gateway, paths, proofs } = deps

  /** Returns to the app with the error. */
  async function answer(ctx: Context): Promise<void> {
    const interaction = await openInteraction(deps, ctx)
    const { next } = await proofs.state(interaction)
    if (next.kind !== 'unmet' || !(await guardForm(deps, ctx, interaction))) {
      return paths.backToQuestion(ctx, interaction.uid)
    }
    await proofs.forget(interaction)
    await gateway.unmet(ctx)
  }
  return {
    name: 'unmet',
    asks: ({ wants }) => wants.kind === 'unmet',
    async show(ctx, interaction, { accountId = '' }) {
      const { client, uid, asked } = interaction
      const wantsPasskey = !asked.includes('urn:signet:acr:mfa')
      await sendStep(deps, ctx, interaction, {
        account: await accounts.read(accountId),
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

    routes: [{ path: 'unmet', post: answer }],
  }
}
