/** Renders the consent page: which app asks, for which access, and where the person goes next. */
import { html, type Html } from '#pages/design/html.ts'
import { button, form, hidden, notice, scopeList, webUrl } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { InteractionClient } from '#oidc/interactions/interaction-gateway.ts'
import { type AskedResource, openidInWords } from '#resources/asked/asked.ts'
import { detailList } from '#resources/asked/details.ts'
import { ASKED_TEXTS } from '#resources/asked/texts/texts.ts'
import type { Choice } from './choice.ts'
import { TEXTS } from '../texts/texts.ts'
import { warnings } from './warnings.ts'

/** The name of the field with the state of the client document that the page shows. */
export const SHOWN = 'document'

/** The name of the button for another account. */
export const ANOTHER = 'another'

/** Why the page is shown again. `stale`: the form was forged or too old. `nothing`: nothing was ticked.
 * `changed`: the client document has become another app. */
export type ConsentProblem = 'stale' | 'nothing' | 'changed'

export interface ConsentView {
  readonly language: Language
  readonly client: InteractionClient
  readonly action: string
  readonly csrfField: { readonly name: string; readonly value: string }
  /** The e-mail address of the signed-in person. */
  readonly who: string
  readonly openidScopes: readonly Choice[]
  readonly resources: readonly AskedResource[]
  /** Whether the app keeps access while the person is away. */
  readonly keepsAccess: boolean
  /** The most days until the person has to sign in again. */
  readonly mostDays: number
  readonly problem?: ConsentProblem | undefined
}

export function consentPage(view: ConsentView): { title: string; content: Html } {
  const { language, client, action, csrfField, who, resources, problem } = view
  const texts = TEXTS[language].consent
  const askedTexts = ASKED_TEXTS[language]
  const isDetailed = resources.some(({ details }) => details.length > 0)
  const asked = html`<div class="asked">
    ${aboutYou(view)}${resources.map(
      (resource) =>
        html`<section class="lines">
          <h2>${askedTexts.resource(resource.name, resource.host)}</h2>
          ${resource.scopes.length > 0 ? scopeList(resource.scopes) : ''} ${detailList(resource.details, askedTexts)}
        </section>`,
    )}
  </div>`
  const buttons = html`<div class="pair">
      ${button({ label: texts.allow, kind: 'primary', name: 'decision', value: 'allow' })}${button({ label: texts.deny, name: 'decision', value: 'deny' })}
    </div>
    <div class="close">${button({ label: texts.notYou, kind: 'quiet', name: ANOTHER, value: 'yes' })}</div>`
  const shown = client.documentSince === undefined ? '' : hidden(SHOWN, String(client.documentSince))
  const content = html`<div class="lines">
      <h1>${texts.heading(client.name)}</h1>
      <p>${texts.asks(client.name, client.redirectHost, who)}</p>
    </div>
    ${warnings(language, client)} ${problem === undefined ? '' : notice('consent-notice', texts[problem])}
    ${form(action, html`${hidden(csrfField.name, csrfField.value)}${shown}${asked}${buttons}`)}
    <p class="small">
      ${view.keepsAccess ? askedTexts.keeps(view.mostDays) : texts.whileSignedIn}
      ${isDetailed ? texts.askedEachTime(client.redirectHost) : texts.remembered(client.redirectHost)}${documents(language, client)}
    </p>`
  return { title: texts.title(client.name), content }
}

function aboutYou({ language, openidScopes }: ConsentView): Html {
  if (openidScopes.length === 0) return html``
  const words = openidInWords(
    openidScopes.map(({ scope }) => scope),
    language,
  )
  const scopes = openidScopes.map(({ value, required }, index) => ({ value, required, words: words[index] ?? value }))
  return html`<section class="lines">
    <h2>${ASKED_TEXTS[language].aboutYou}</h2>
    ${scopeList(scopes)}
  </section>`
}

function documents(language: Language, client: InteractionClient): Html {
  const texts = TEXTS[language].consent
  const links = [
    { href: webUrl(client.policyUri), label: texts.policy },
    { href: webUrl(client.tosUri), label: texts.terms },
  ].filter(({ href }) => href !== undefined)
  return html`${links.map(({ href, label }) => html` <a href="${href}" rel="noreferrer">${label}</a>.`)}`
}
