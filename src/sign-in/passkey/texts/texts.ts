/** The strings of the passkey parts, by language. */
import type { Texts } from '#pages/i18n/catalogue.ts'
import { en, type PasskeyTexts } from './en.ts'
import { ko } from './ko.ts'

export type { PasskeyTexts } from './en.ts'

export const PASSKEY_TEXTS: Texts<PasskeyTexts> = { en, ko }
