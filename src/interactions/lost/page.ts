/** Renders the page for an interaction that cannot continue, with a way on. */
import { html, type Html } from '#pages/design/html.ts'
import { buttonLink, webUrl } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { InteractionLost } from '#oidc/interactions/interaction-gateway.ts'
import { TEXTS } from '../texts/texts.ts'

/** RFC 9110 §15.5: the page is gone, never existed, or belongs to another browser. */
const STATUS = { expired: 410, unknown: 404, foreign: 403 } as const satisfies Record<InteractionLost['reason'], number>

export function lostPage(language: Language, lost: InteractionLost): { title: string; content: Html; status: number } {
  const texts = TEXTS[language].lost
  const { title, words } = texts[lost.reason]
  const content = html`<div class="lines">
      <h1>${title}</h1>
      <p>${words}</p>
    </div>
    ${wayOn(language, lost)}`
  return { title, content, status: STATUS[lost.reason] }
}

function wayOn(language: Language, { restartUrl, client }: InteractionLost): Html {
  const texts = TEXTS[language].lost
  const restart = webUrl(restartUrl)
  const appUrl = webUrl(client?.clientUri)
  const back =
    client && appUrl !== undefined
      ? buttonLink({ href: appUrl, label: texts.back(client.name), kind: restart === undefined ? 'primary' : 'quiet' })
      : undefined
  if (restart !== undefined) {
    return html`<div class="lines">${buttonLink({ href: restart, label: texts.again, kind: 'primary' })}${back}</div>`
  }
  return back ?? html`<p>${client ? texts.open(client.name, client.redirectHost) : texts.openSome}</p>`
}
