/** What a person should know of an app before they decide: what nobody has checked, and that it runs on their device. */
import { html, type Html } from '#pages/design/html.ts'
import { hint } from '#pages/design/components.ts'
import type { Language } from '#pages/i18n/language.ts'
import type { InteractionClient } from '#oidc/interactions/interaction-gateway.ts'
import { ASKED_TEXTS } from '#resources/asked/texts/texts.ts'
import { TEXTS } from '../texts/texts.ts'

export function warnings(language: Language, client: InteractionClient): Html {
  const texts = TEXTS[language].consent
  const { documentHost, loopbackOnly, name, unverified } = client
  const source =
    documentHost === undefined ? unverified && ASKED_TEXTS[language].unverified(name) : texts.published(documentHost)
  return html`${source ? hint(source) : ''} ${loopbackOnly ? hint(texts.loopback) : ''}`
}
