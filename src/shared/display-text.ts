/** Checks texts that are shown as a name: of a person, a passkey, an app, a resource, a provider or the server. */

/**
 * Embeddings, overrides and isolates, which reorder the text around them. The marks for the direction of single letters,
 * and joiners between letters, stay allowed: languages need them.
 */
const REORDERING = /[\u202A-\u202E\u2066-\u2069]/u
const INVISIBLE = /[\s\p{Cf}\p{Mn}\p{Default_Ignorable_Code_Point}]/gu

/** Whether a text has something to see, is well formed, and cannot disguise itself or what stands beside it. */
export function isDisplayText(text: string): boolean {
  if (!text.isWellFormed() || /\p{Cc}/u.test(text) || REORDERING.test(text)) return false
  return text.replaceAll(INVISIBLE, '') !== ''
}
