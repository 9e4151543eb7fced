/** Makes a mail of a template: subject, text and HTML, with links that start with the issuer and nothing else. */
import { firstKnown, type Language, LANGUAGES } from '#pages/i18n/language.ts'
import { htmlOf, textOf } from './layout.ts'
import type { Sender, TemplateData, TemplateName } from './letter.ts'
import { LETTERS } from './texts/texts.ts'

export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly language: Language
}

const MAX_WORDS = 120

/** `language` is a BCP 47 tag or several; one that is not spoken here is answered in English. */
export async function render<Name extends TemplateName>(
  message: { readonly template: Name; readonly data: TemplateData[Name]; readonly language: string },
  from: { readonly issuer: string; readonly brand: string },
): Promise<RenderedMail> {
  const language = firstKnown(message.language) ?? 'en'
  const brand = oneLine(from.brand)
  const letter = LETTERS[language][message.template](cleaned(message.data), senderOf(from.issuer, brand, language))
  const { dir } = LANGUAGES[language]
  return {
    subject: letter.subject,
    text: textOf(letter, brand),
    html: await htmlOf(letter, { brand, lang: language, dir }),
    language,
  }
}

function senderOf(issuer: string, brand: string, language: Language): Sender {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return {
    brand,
    host: new URL(issuer).host,
    link: (path) => linkOf(issuer, path),
    date: (iso) => `${format.format(new Date(iso))} UTC`,
  }
}

/** The path must stay below the issuer however a mail program reads the URL; nothing of a request decides its host. */
function linkOf(issuer: string, path: string): string {
  const { href } = new URL(issuer + path)
  if (!href.startsWith(`${issuer}/`)) throw new TypeError('a link of a mail leaves the issuer')
  return href
}

/** What people named stays on its line and short, so that it cannot pose as a part of the mail. */
function cleaned<Data extends object>(data: Data): Data {
  const entries = Object.entries(data).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' && name !== 'path' ? oneLine(value) : value,
  ])
  return Object.fromEntries(entries) as Data
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS).toWellFormed()}…` : line
}
