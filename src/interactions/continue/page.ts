/** Renders the page with one button for an app whose identity is not assured, when nothing else is asked. */
import { html, type Html } from '#pages/design/html.ts'
import { button, form, hidden, notice } from '#pages/design/components.ts'
import type { ClickView } from '../click-step.ts'
import { warnings } from '../consent/warnings.ts'
import { TEXTS } from '../texts/texts.ts'

export function continuePage(view: ClickView): { title: string; content: Html } {
  const { language, client, csrfField, pathOf, who, isStale } = view
  const texts = TEXTS[language].continue
  // the same name and value as on the consent page, so that scripts can treat both pages alike
  const submit = button({ label: texts.submit(client.name), kind: 'primary', name: 'decision', value: 'allow' })
  const content = html`<div class="lines">
      <h1>${texts.heading}</h1>
      <p>${texts.asks(client.name, client.redirectHost, who)}</p>
    </div>
    ${warnings(language, client)} ${isStale ? notice('continue-notice', texts.stale) : ''}
    ${form(pathOf('continue'), html`${hidden(csrfField.name, csrfField.value)}${submit}`)}
    <p class="small">${texts.stop}</p>`
  return { title: texts.title(client.name), content }
}
