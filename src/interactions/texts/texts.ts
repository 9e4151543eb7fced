/** The pages' strings, by language. */
import type { Texts } from '#pages/i18n/catalogue.ts'
import { en, type InteractionTexts } from './en.ts'
import { ko } from './ko.ts'

export type { InteractionTexts } from './en.ts'

export const TEXTS: Texts<InteractionTexts> = { en, ko }
