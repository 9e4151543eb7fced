/** Texts by language: each room has its own, English first, and other languages must have the same keys. */
import type { Html } from '../design/html.ts'
import type { Language } from './language.ts'

/** A text, a text with placeholders, or a group of texts. */
export interface Catalogue {
  readonly [key: string]: string | ((...gaps: never[]) => string | Html) | Catalogue
}

/** The texts of one room in every language. */
export type Texts<Shape extends Catalogue> = Readonly<Record<Language, Shape>>
