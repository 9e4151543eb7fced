/** The room's strings by language, and the names of its notices. */
import type { Texts } from '#pages/i18n/catalogue.ts'
import { en, type PortalTexts } from './en.ts'
import { ko } from './ko.ts'

export type { PortalTexts } from './en.ts'

export const TEXTS: Texts<PortalTexts> = { en, ko }

/** The message for a form that failed as a whole. */
export type Problem = keyof PortalTexts['problems']
/** The message for what a form did. */
export type Done = keyof PortalTexts['done']
