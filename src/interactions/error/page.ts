/** The page for what went wrong: in words for the person, then exactly, for whoever mends it. */
import { html, type Html } from '#pages/design/html.ts'
import { facts } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import { TEXTS } from '../texts/texts.ts'

export interface ErrorView {
  readonly language: Language
  readonly status: number
  /** A protocol's error code, or undefined. */
  readonly code?: string | undefined
  /** What exactly was wrong, as the interface that was used says it (in English). */
  readonly detail?: string | undefined
  readonly requestId?: string | undefined
  /** Where the start page is. */
  readonly home: string
}

type ErrorKind = 'request' | 'access' | 'notFound' | 'busy' | 'server'

export function errorPage(view: ErrorView): { title: string; content: Html } {
  const texts = TEXTS[view.language].error
  const kind = kindOf(view.status)
  const title = texts.titles[kind]
  const content = html`<div class="lines">
      <h1>${title}</h1>
      <p>${texts.words[kind]}</p>
    </div>
    ${kind === 'notFound' ? html`<p><a href="${view.home}">${texts.home}</a></p>` : ''}
    ${facts([
      [texts.code, view.code],
      [texts.detail, view.detail],
      [texts.requestId, view.requestId],
    ])}`
  return { title, content }
}

function kindOf(status: number): ErrorKind {
  if (status === 404) return 'notFound'
  if (status === 401 || status === 403) return 'access'
  if (status === 429 || status === 503) return 'busy'
  return status >= 500 ? 'server' : 'request'
}
