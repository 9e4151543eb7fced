/**
 * A pseudo-language made from English: every text is in ⟦…⟧ and 40 % longer. Text outside the brackets on a page does
 * not come from the catalogue.
 */
import { html, type Html } from '#pages/design/html.ts'
import { TEXTS as PORTAL_TEXTS } from '#account-portal/texts/texts.ts'
import { LAYOUT_TEXTS } from '#pages/i18n/layout-texts.ts'
import { TEXTS as INTERACTION_TEXTS } from '#interactions/texts/texts.ts'
import type { Translation } from '#languages/languages.ts'
import { MAIL_TEMPLATES } from '#mail/templates/texts/texts.ts'
import { ASKED_TEXTS } from '#resources/asked/texts/texts.ts'
import { PASSKEY_TEXTS } from '#sign-in/passkey/texts/texts.ts'

const WORDS = 'ĉirkaŭ ĝardeno ĥoro ĵurnalo ŝipo '

export const translation: Translation = {
  name: 'Pseŭdo',
  dir: 'ltr',
  frame: longer(LAYOUT_TEXTS.en),
  asked: longer(ASKED_TEXTS.en),
  interactions: longer(INTERACTION_TEXTS.en),
  portal: longer(PORTAL_TEXTS.en),
  passkeys: longer(PASSKEY_TEXTS.en),
  // the code and the link of a mail are not texts
  letters: longer(MAIL_TEMPLATES.en, ['code', 'url']),
}

function longer<Value>(value: Value, kept: readonly string[] = []): Value {
  return changed(value) as Value

  function changed(value: unknown): unknown {
    if (typeof value === 'string') return value === '' ? value : `⟦${value}${filler(value.length)}⟧`
    if (typeof value === 'function') return (...gaps: unknown[]) => changed(Reflect.apply(value, undefined, gaps))
    if (Array.isArray(value)) return value.map(changed)
    if (typeof value !== 'object' || value === null) return value
    if ('isEscaped' in value || 'then' in value) return markup(value as Html)
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, kept.includes(key) ? inner : changed(inner)]),
    )
  }
}

async function markup(value: Html): Promise<Html> {
  const text = await value
  const shown = text.toString().replaceAll(/<[^>]*>/g, '').length
  return html`⟦${text}${filler(shown)}⟧`
}

/** Returns filler text of at least 40 % of a length. */
function filler(length: number): string {
  const wanted = Math.ceil(length * 0.4)
  return ` ${WORDS.repeat(Math.ceil(wanted / WORDS.length))}`.slice(0, wanted + 1).trimEnd()
}
