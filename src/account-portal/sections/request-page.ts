/** Renders a sign-in request: who asks, for what, the message to compare, and the buttons. */
import { html, type Html } from '#pages/design/html.ts'
import { button, buttonLink, facts, foreign, hint } from '#pages/design/components.ts'
import { sheet } from '#pages/design/work-components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { AskedResource } from '#resources/asked/asked.ts'
import { detailList } from '#resources/asked/details.ts'
import { ASKED_TEXTS } from '#resources/asked/texts/texts.ts'
import { TEXTS } from '../texts/texts.ts'

/** The name of the buttons. */
export const DECISION = 'decision'

/** The app that asks. */
export interface AskingApp {
  readonly name: string
  /** The host of its website; empty if it is not known, or nobody has verified it. */
  readonly host: string
  /** A `data:` URL. */
  readonly logo: string | undefined
  readonly unverified: boolean
}

export interface RequestView {
  readonly language: Language
  readonly app: AskingApp
  /** The e-mail address of the person. */
  readonly who: string
  readonly message: string | undefined
  /** What the app learns about the person, in words. */
  readonly aboutYou: readonly string[]
  readonly resources: readonly AskedResource[]
  /** The most days for which the app keeps access; undefined if it does not. */
  readonly keepsDays: number | undefined
  readonly requestedAt: string
  readonly expiresAt: string
  /** Where the person confirms who they are first; undefined if their sign-in is enough. */
  readonly confirmPath: string | undefined
  /** Puts the buttons into a form. */
  readonly form: (buttons: Html) => Html
}

export function requestContent(view: RequestView): Html {
  const { language, app, who, message, confirmPath } = view
  const texts = TEXTS[language].requests
  const asked = ASKED_TEXTS[language]
  const deny = button({ label: texts.deny, name: DECISION, value: 'deny' })
  const approve =
    confirmPath === undefined
      ? button({ label: texts.approve, kind: 'primary', name: DECISION, value: 'allow' })
      : buttonLink({ href: confirmPath, label: texts.confirm, kind: 'primary' })
  return sheet(
    html`<div class="lines">
        ${app.logo === undefined ? '' : html`<img class="app-logo" src="${app.logo}" alt="" height="40" />`}
        <p>${texts.asks(app.name, app.host, who)}</p>
      </div>
      ${message === undefined ? '' : comparison(texts.message, message)}
      ${app.unverified ? hint(asked.unverified(app.name)) : ''}
      <div class="asked">
        ${view.aboutYou.length === 0 ? '' : group(texts.wants, list(view.aboutYou))}${view.resources.map((resource) =>
          group(
            asked.resource(resource.name, resource.host),
            html`${list(resource.scopes.map(({ words }) => words))} ${detailList(resource.details, asked)}`,
          ),
        )}
      </div>
      <p class="soft">${view.keepsDays === undefined ? texts.once : asked.keeps(view.keepsDays)}</p>
      <p><strong>${texts.question}</strong> ${texts.warning}</p>
      ${confirmPath === undefined ? '' : hint(texts.confirmFirst)}
      ${view.form(html`<div class="pair">${approve}${deny}</div>`)}
      ${facts([
        [texts.when, view.requestedAt],
        [texts.until, view.expiresAt],
      ])}`,
  )
}

/** The message is text of the app, so it stands apart from ours. */
function comparison(label: string, message: string): Html {
  return html`<div class="lines">
    <p>${label}</p>
    <p class="compared">${foreign(message)}</p>
  </div>`
}

function group(heading: string | Html, content: Html): Html {
  return html`<div class="lines">
    <h2>${heading}</h2>
    ${content}
  </div>`
}

function list(items: readonly string[]): Html {
  if (items.length === 0) return html``
  return html`<ul class="granted" role="list">
    ${items.map((words) => html`<li><bdi>${words}</bdi></li>`)}
  </ul>`
}
