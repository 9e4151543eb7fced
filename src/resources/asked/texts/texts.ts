/** The words for what an app asks for, by language. */
import type { Texts } from '#pages/i18n/catalogue.ts'
import { type AskedTexts, en } from './en.ts'
import { ko } from './ko.ts'

export type { AskedTexts } from './en.ts'

export const ASKED_TEXTS: Texts<AskedTexts> = { en, ko }
