/** The step for whoever is asked for a proof that their account does not have. */
import { html } from '#pages/design/html.ts'
import type { Context } from 'koa'
import { button, form, hidden } from '#pages/design/components.ts'
import { chooseLanguage } from '#pages/i18n/language.ts'
import { sendPage } from '#pages/page.ts'
import type { OpenInteraction } from '#oidc/interactions/interaction-gateway.ts'
import { formTargets } from '../form-targets.ts'
import type { Proofs } from '../proofs.ts'
import { csrfField, guardForm, openInteraction, type StepDeps } from '../step.ts'
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
      const { client, params, uid, asked } = interaction
      const account = await accounts.read(accountSub)
      const language = chooseLanguage(ctx, {
        uiLocales: params['ui_locales'],
        accountLocale: account?.claims['locale'],
      })
      const texts = TEXTS[language].unmet
      const csrf = csrfField(deps, ctx, interaction)
      const wantsPasskey = !asked.includes('urn:signet:acr:mfa')
      const content = html`<div class="lines">
          <h1>${texts.title}</h1>
          <p>${wantsPasskey ? texts.passkey(client.name) : texts.more(client.name)}</p>
          <p>${texts.words}</p>
        </div>
        ${form(
          paths.form(uid, 'unmet'),
          html`${hidden(csrf.name, csrf.value)}${button({ label: texts.back(client.name), kind: 'primary' })}`,
        )}
        <div class="close">
          ${form(
            paths.form(uid, 'restart'),
            html`${hidden(csrf.name, csrf.value)}${button({ label: TEXTS[language].code.restart, kind: 'quiet' })}`,
          )}
        </div>`
      await sendPage(ctx, {
        language,
        title: texts.title,
        content,
        brand: client.brand,
        formTargets: formTargets(params['redirect_uri'], client.clientUri),
        languagePath: paths.question(uid),
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
