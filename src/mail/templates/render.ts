/** Renders a mail from a template: subject, text and HTML. All links start with the issuer. */
import { firstKnown, type Language, LANGUAGES } from '#pages/i18n/language.ts'
import { htmlOf, textOf } from './layout.ts'
import type { TemplateContext, TemplateData, TemplateName } from './mail-template.ts'
import { MAIL_TEMPLATES } from './texts/texts.ts'

export interface RenderedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly language: Language
}

const MAX_LINE_LENGTH = 120

/**
 * Renders `template` with `data`. `language` is one or more BCP 47 tags; a language without texts falls back to
 * English.
 */
export async function render<Name extends TemplateName>(
  message: { readonly template: Name; readonly data: TemplateData[Name]; readonly language: string },
  from: { readonly issuer: string; readonly brand: string },
): Promise<RenderedMail> {
  const language = firstKnown(message.language) ?? 'en'
  const brand = oneLine(from.brand)
  const content = MAIL_TEMPLATES[language][message.template](
    singleLineValues(message.data),
    contextOf(from.issuer, brand, language),
  )
  const { dir } = LANGUAGES[language]
  return {
    subject: content.subject,
    text: textOf(content, brand),
    html: await htmlOf(content, { brand, lang: language, dir }),
    language,
  }
}

function contextOf(issuer: string, brand: string, language: Language): TemplateContext {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return {
    brand,
    host: new URL(issuer).host,
    link: (path) => linkOf(issuer, path),
    date: (iso) => `${format.format(new Date(iso))} UTC`,
  }
}

/**
 * Returns the URL of a path below the issuer. Throws TypeError when a mail program could read it as another host: no
 * part of a request may decide where a link leads.
 */
function linkOf(issuer: string, path: string): string {
  const { href } = new URL(issuer + path)
  if (!href.startsWith(`${issuer}/`)) throw new TypeError('a link of a mail leaves the issuer')
  return href
}

/**
 * Puts each value on one line and bounds its length, so that a name that a person chose cannot pose as another part of
 * the mail.
 */
function singleLineValues<Data extends object>(data: Data): Data {
  const entries = Object.entries(data).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' && name !== 'path' ? oneLine(value) : value,
  ])
  return Object.fromEntries(entries) as Data
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH).toWellFormed()}…` : line
}
