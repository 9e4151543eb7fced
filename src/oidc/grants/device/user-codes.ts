/**
 * The form of user codes. RFC 8628 §6.1: twenty consonants, so that no code is a word; 34 bits, which is enough where
 * guessing is limited.
 */

/** The engine's settings. */
export const USER_CODES = { charset: 'base-20', mask: '****-****' } as const

/** How a user code looks without separators. */
export const USER_CODE_FORM = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/

/** Returns the code as devices show it. */
export function shownUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`
}
