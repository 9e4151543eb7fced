/** The mails' texts in every language. */
import type { Language } from '#pages/i18n/language.ts'
import type { Letters } from '../letter.ts'
import { en } from './en.ts'
import { ko } from './ko.ts'

export const LETTERS: Readonly<Record<Language, Letters>> = { en, ko }
