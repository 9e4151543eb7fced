/** Texts by language: each room keeps its own, English first, and the other languages must have the same keys. */
import type { Html } from '../design/html.ts'
import type { Language } from './language.ts'

/** A text, a text with gaps, or a group of texts. */
export interface Catalogue {
  readonly [key: string]: string | ((...gaps: never[]) => string | Html) | Catalogue
}

/** One room's texts in every language. */
export type Texts<Shape extends Catalogue> = Readonly<Record<Language, Shape>>
