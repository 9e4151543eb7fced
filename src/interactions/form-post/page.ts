/** Renders the page that returns to the app by posting a form (OAuth 2.0 Form Post Response Mode). */
import { createHash } from 'node:crypto'
import { html, raw, type Html } from '#pages/design/html.ts'
import { button, form, hidden } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { ContentSecurityPolicy } from '#http/security-headers.ts'
import { formTargets } from '../form-targets.ts'
import { TEXTS } from '../texts/texts.ts'

export interface FormPostView {
  readonly language: Language
  readonly clientName: string
  /** A registered redirect URI. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** Submits the form at once. Without script, the person uses the button. */
const SCRIPT = 'document.forms[0].submit()'
const SCRIPT_ELEMENT = raw(`<script>${SCRIPT}</script>`)
const SCRIPT_SOURCE = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`

export function formPostPage(view: FormPostView): { title: string; content: Html; policy: ContentSecurityPolicy } {
  const texts = TEXTS[view.language].formPost
  const fields = Object.entries(view.fields).map(([name, value]) => hidden(name, value))
  const content = html`<div class="lines">
      <h1>${texts.title}</h1>
      <p>${texts.words(view.clientName)}</p>
    </div>
    ${form(view.action, html`${fields}${button({ label: texts.submit, kind: 'primary' })}`)}${SCRIPT_ELEMENT}`
  const policy = { 'script-src': [SCRIPT_SOURCE], 'form-action': formTargets(view.action) }
  return { title: texts.title, content, policy }
}
