/** Renders the page that asks which account to continue with: the one that is signed in, or another. */
import { html, type Html } from '#pages/design/html.ts'
import { button, form, hidden, notice } from '#pages/design/components.ts'
import type { ClickView } from '../click-step.ts'
import { TEXTS } from '../texts/texts.ts'

export function selectAccountPage(view: ClickView): { title: string; content: Html } {
  const { language, client, csrfField, pathOf, who, isStale } = view
  const texts = TEXTS[language].selectAccount
  const csrf = hidden(csrfField.name, csrfField.value)
  const content = html`<div class="lines">
      <h1>${texts.title}</h1>
      <p>${TEXTS[language].signIn.asks(client.name, client.redirectHost)}</p>
    </div>
    ${isStale ? notice('select-account-notice', texts.stale) : ''}
    ${form(pathOf('select-account'), html`${csrf}${button({ label: texts.submit(who), kind: 'primary' })}`)}
    ${form(pathOf('another-account'), html`${csrf}${button({ label: texts.another })}`)}
    <div class="close">
      ${form(pathOf('cancel'), html`${csrf}${button({ label: texts.cancel(client.name), kind: 'quiet' })}`)}
    </div>`
  return { title: texts.title, content }
}
