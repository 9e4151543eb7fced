/** Normalizes typed one-time codes of any kind: from an app, from a mail, or recovery codes. */

/** White space, dashes, the minus sign, and invisible characters that are copied along. */
const SEPARATORS = /[\s\p{Dash_Punctuation}\p{Format}\u2212]/gu

/** Returns the code without separators, in capitals and plain-width characters. May be empty. */
export function normalizedCode(typed: string): string {
  return typed.normalize('NFKC').replaceAll(SEPARATORS, '').toUpperCase()
}
