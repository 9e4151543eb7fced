/** Prepares a password for hashing, so that it is the same from every keyboard and system. */

/**
 * Returns the password with non-ASCII spaces as U+0020 and in Unicode normalization form C, as the OpaqueString profile
 * has it (RFC 8265 §4.2.2). Nothing is cut off and no case is changed.
 */
export function preparedPassword(typed: string): string {
  return typed.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC')
}
