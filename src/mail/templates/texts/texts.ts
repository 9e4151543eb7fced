/** The mail templates in every language. */
import type { Language } from '#pages/i18n/language.ts'
import type { MailTemplates } from '../mail-template.ts'
import { en } from './en.ts'
import { ko } from './ko.ts'

export const MAIL_TEMPLATES: Readonly<Record<Language, MailTemplates>> = { en, ko }
