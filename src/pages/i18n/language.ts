/** Which language a page speaks: the person's own choice first, then what the app, the account and the browser ask. */
import type { Context } from 'koa'

/** The languages there are, each by its own name. */
export const LANGUAGES = {
  en: { name: 'English', dir: 'ltr' },
  ko: { name: '한국어', dir: 'ltr' },
} as const satisfies Record<string, { name: string; dir: 'ltr' | 'rtl' }>

export type Language = keyof typeof LANGUAGES

/** The query parameter by which a person changes the language, and the cookie that remembers it. */
export const LANGUAGE_PARAMETER = 'lang'
const COOKIE = 'signet_lang'
const A_YEAR_MS = 365 * 24 * 60 * 60 * 1000

export interface LanguageWishes {
  /** Space-separated BCP 47 tags, best first (OpenID Connect Core §3.1.2.1). */
  readonly uiLocales?: unknown
  /** The account's `locale` claim. */
  readonly accountLocale?: unknown
}

/** Chooses the language of this answer, and remembers the choice that was made by the page's language link. */
export function chooseLanguage(ctx: Context, wishes: LanguageWishes = {}): Language {
  const picked = firstKnown(ctx.query[LANGUAGE_PARAMETER])
  if (picked) {
    const options = { httpOnly: true, sameSite: 'lax', signed: false, maxAge: A_YEAR_MS, secure: ctx.secure } as const
    ctx.cookies.set(COOKIE, picked, { ...options, overwrite: true })
    return picked
  }
  const accepted = ctx.acceptsLanguages(Object.keys(LANGUAGES))
  return (
    firstKnown(ctx.cookies.get(COOKIE, { signed: false })) ??
    firstKnown(wishes.uiLocales) ??
    firstKnown(wishes.accountLocale) ??
    firstKnown(accepted) ??
    'en'
  )
}

/** The first of the tags whose primary language is spoken here. `en_US` counts as `en-US`. */
export function firstKnown(tags: unknown): Language | undefined {
  if (typeof tags !== 'string') return undefined
  const primary = tags.split(' ').map((tag) => tag.split(/[-_]/, 1)[0]?.toLowerCase())
  return primary.find((tag): tag is Language => tag !== undefined && Object.hasOwn(LANGUAGES, tag))
}
