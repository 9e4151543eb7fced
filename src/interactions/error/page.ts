/** Renders the error page: an explanation for the person, then exact details for the developer. */
import { html, type Html } from '#pages/design/html.ts'
import { facts } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { UnregisteredUri } from '#oidc/interactions/interaction-gateway.ts'
import { TEXTS } from '../texts/texts.ts'
import { unregisteredHelp, unregisteredWords } from './unregistered.ts'

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
  /** The redirect URI that is not registered. */
  readonly wrong?: UnregisteredUri | undefined
  /** Whether to leave out the part for developers. */
  readonly production?: boolean
}

type ErrorKind = 'request' | 'access' | 'notFound' | 'tooMuch' | 'cookies' | 'busy' | 'server'

export function errorPage(view: ErrorView): { title: string; content: Html } {
  const texts = TEXTS[view.language].error
  const kind = kindOf(view.status)
  const { wrong, production = true } = view
  const title = wrong ? texts.unregistered.title : texts.titles[kind]
  const content = html`<div class="lines">
      <h1>${title}</h1>
      ${wrong ? unregisteredWords(view.language, wrong) : html`<p>${texts.words[kind]}</p>`}
    </div>
    ${kind === 'notFound' ? html`<p><a href="${view.home}">${texts.home}</a></p>` : ''}
    ${wrong && !production ? unregisteredHelp(view.language, wrong) : ''}
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
  if (status === 413) return 'tooMuch'
  if (status === 431) return 'cookies'
  if (status === 429 || status === 503) return 'busy'
  return status >= 500 ? 'server' : 'request'
}
