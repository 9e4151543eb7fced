/** Chooses the language of a page: the person's own choice first, then the app, the account and the browser. */
import type { Context } from 'koa'

/** The available languages, each with its own name for itself. */
export const LANGUAGES = {
  en: { name: 'English', dir: 'ltr' },
  ko: { name: '한국어', dir: 'ltr' },
} as const satisfies Record<string, { name: string; dir: 'ltr' | 'rtl' }>

export type Language = keyof typeof LANGUAGES

/** The query parameter that changes the language; the cookie remembers the choice. */
export const LANGUAGE_PARAMETER = 'lang'
const COOKIE = 'signet_lang'
const YEAR_MS = 365 * 24 * 60 * 60 * 1000

export interface LanguagePreferences {
  /** Space-separated BCP 47 tags, best first (OpenID Connect Core §3.1.2.1). */
  readonly uiLocales?: unknown
  /** The account's `locale` claim. */
  readonly accountLocale?: unknown
}

/** Chooses the language of this response, and stores a choice made by the language link. */
export function chooseLanguage(ctx: Context, preferences: LanguagePreferences = {}): Language {
  const picked = firstKnown(ctx.query[LANGUAGE_PARAMETER])
  if (picked) {
    const options = { httpOnly: true, sameSite: 'lax', signed: false, maxAge: YEAR_MS, secure: ctx.secure } as const
    ctx.cookies.set(COOKIE, picked, { ...options, overwrite: true })
    return picked
  }
  const accepted = ctx.acceptsLanguages(Object.keys(LANGUAGES))
  return (
    firstKnown(ctx.cookies.get(COOKIE, { signed: false })) ??
    firstKnown(preferences.uiLocales) ??
    firstKnown(preferences.accountLocale) ??
    firstKnown(accepted) ??
    'en'
  )
}

/** Returns the language of the first tag that is available here. `en_US` counts as `en-US`. */
export function firstKnown(tags: unknown): Language | undefined {
  if (typeof tags !== 'string') return undefined
  const primary = tags.split(' ').map((tag) => tag.split(/[-_]/, 1)[0]?.toLowerCase())
  return primary.find((tag): tag is Language => tag !== undefined && Object.hasOwn(LANGUAGES, tag))
}
