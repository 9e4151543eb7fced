/** What people type as a one-time code, whichever kind it is: an app's, a recovery code or one from a mail. */

/** White space, dashes, the minus sign, and marks that are copied along without being seen. */
const SEPARATORS = /[\s\p{Dash_Punctuation}\p{Format}\u2212]/gu

/** The code without separators, in capitals, and with full-width characters as plain ones; empty where there is none. */
export function normalizedCode(typed: string): string {
  return typed.normalize('NFKC').replaceAll(SEPARATORS, '').toUpperCase()
}
