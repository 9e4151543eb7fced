/** Renders the page that asks which account to continue with: the one that is signed in, or another. */
import { html, type Html } from '#pages/design/html.ts'
import { button, form, hidden, notice } from '#pages/design/components.ts'
import type { InteractionClient } from '#oidc/interactions/interaction-gateway.ts'
import type { StepView } from '../send-step.ts'
import { TEXTS } from '../texts/texts.ts'

export interface SelectAccountView extends StepView {
  readonly client: InteractionClient
  readonly actions: { readonly select: string; readonly another: string; readonly cancel: string }
  /** The e-mail address of the signed-in person. */
  readonly who: string
  /** The form was forged or too old. */
  readonly isStale: boolean
}

export function selectAccountPage(view: SelectAccountView): { title: string; content: Html } {
  const { language, client, actions, csrfField, who, isStale } = view
  const texts = TEXTS[language].selectAccount
  const csrf = hidden(csrfField.name, csrfField.value)
  const content = html`<div class="lines">
      <h1>${texts.title}</h1>
      <p>${TEXTS[language].signIn.asks(client.name, client.redirectHost)}</p>
    </div>
    ${isStale ? notice('select-account-notice', texts.stale) : ''}
    ${form(actions.select, html`${csrf}${button({ label: texts.submit(who), kind: 'primary' })}`)}
    ${form(actions.another, html`${csrf}${button({ label: texts.another })}`)}
    <div class="close">
      ${form(actions.cancel, html`${csrf}${button({ label: texts.cancel(client.name), kind: 'quiet' })}`)}
    </div>`
  return { title: texts.title, content }
}
