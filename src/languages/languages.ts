/**
 * Loads further languages at start: one file each in this folder, `<tag>.ts`. English and Korean are part of the rooms.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TEXTS as PORTAL_TEXTS, type PortalTexts } from '#account-portal/texts/texts.ts'
import { LANGUAGES } from '#pages/i18n/language.ts'
import { LAYOUT_TEXTS, type LayoutTexts } from '#pages/i18n/layout-texts.ts'
import { TEXTS as INTERACTION_TEXTS, type InteractionTexts } from '#interactions/texts/texts.ts'
import { ASKED_TEXTS, type AskedTexts } from '#resources/asked/texts/texts.ts'
import type { MailTemplates } from '#mail/templates/mail-template.ts'
import { MAIL_TEMPLATES } from '#mail/templates/texts/texts.ts'
import { PASSKEY_TEXTS, type PasskeyTexts } from '#sign-in/passkey/texts/texts.ts'

/** What a language file exports as `translation`; each part has the keys and placeholders of its `en.ts`. */
export interface Translation {
  /** The language's own name for itself. */
  readonly name: string
  readonly dir: 'ltr' | 'rtl'
  readonly frame: LayoutTexts
  readonly asked: AskedTexts
  readonly interactions: InteractionTexts
  readonly portal: PortalTexts
  readonly passkeys: PasskeyTexts
  readonly letters: MailTemplates
}

/** A primary language subtag (RFC 5646 §2.2.1): `de.ts`, `gsw.ts`. */
const FILE = /^([a-z]{2,3})\.(?:ts|js)$/

/** Adds every language of the folder to the pages and mails of this process. */
export async function loadLanguages(folder: string = import.meta.dirname): Promise<void> {
  for (const name of (await readdir(folder)).toSorted()) {
    const tag = FILE.exec(name)?.[1]
    if (tag === undefined) continue
    const module = (await import(pathToFileURL(join(folder, name)).href)) as { translation: Translation }
    addLanguage(tag, module.translation)
  }
}

function addLanguage(tag: string, { name, dir, ...texts }: Translation): void {
  Object.assign(LANGUAGES, { [tag]: { name, dir } })
  Object.assign(LAYOUT_TEXTS, { [tag]: texts.frame })
  Object.assign(ASKED_TEXTS, { [tag]: texts.asked })
  Object.assign(INTERACTION_TEXTS, { [tag]: texts.interactions })
  Object.assign(PORTAL_TEXTS, { [tag]: texts.portal })
  Object.assign(PASSKEY_TEXTS, { [tag]: texts.passkeys })
  Object.assign(MAIL_TEMPLATES, { [tag]: texts.letters })
}
