/** Renders the error page: an explanation for the person, then exact details for the developer. */
import { html, type Html } from '#pages/design/html.ts'
import { facts } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import { TEXTS } from '../texts/texts.ts'

export interface ErrorView {
  readonly language: Language
  readonly status: number
  /** The protocol's error code. */
  readonly code?: string | undefined
  /** The exact error, in English, as the API reports it. */
  readonly detail?: string | undefined
  readonly requestId?: string | undefined
  /** The path of the start page. */
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
