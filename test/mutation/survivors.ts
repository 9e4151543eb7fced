/** Changes that no test notices because nobody could: what the code does stays the same, or only the speed differs. */

export interface Explained {
  readonly file: string
  /** The changed text, and what it was changed to, as the report shows them. */
  readonly code: string
  readonly replacement: string
  readonly because: string
}

export const EXPLAINED: readonly Explained[] = []
