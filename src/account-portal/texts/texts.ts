/** The texts of the room in every language, and the names of what its pages can say on top. */
import type { Texts } from '#pages/i18n/catalogue.ts'
import { en, type PortalTexts } from './en.ts'
import { ko } from './ko.ts'

export type { PortalTexts } from './en.ts'

export const TEXTS: Texts<PortalTexts> = { en, ko }

/** What went wrong with a whole form. */
export type Problem = keyof PortalTexts['problems']
/** What was done. */
export type Done = keyof PortalTexts['done']
