/** Rules that every JWT of a client keeps, whatever it is for, each with a message for when it is broken. */
import { repeatedMember } from '#http/repeated-member.ts'

export type Claims = Readonly<Record<string, unknown>>

export interface ReadJwt {
  /** The JWT as it was sent; `claims` and `header` are its decoded parts. */
  readonly jwt: string
  readonly claims: Claims
  readonly header: Claims
}

/** RFC 7515 §4.1.4: a string. Any other value would match no key id, and every key would be tried. */
export function keyIdFault({ header }: Pick<ReadJwt, 'header'>): string | undefined {
  const { kid } = header
  return kid === undefined || typeof kid === 'string' ? undefined : `kid is ${shown(kid)}; it must be a text, or absent`
}

/** RFC 7515 §4, RFC 7519 §4: names are unique. Of duplicates, another parser might read the one we did not check. */
export function repetitionFault({ jwt, claims, header }: ReadJwt): string | undefined {
  const [head = '', body = ''] = jwt.split('.')
  const name = repeatedIn(head, header) ?? repeatedIn(body, claims)
  return name === undefined ? undefined : `${shown(name)} stands in it twice; each name may stand once`
}

function repeatedIn(part: string, read: Claims): string | undefined {
  const text = Buffer.from(part, 'base64url').toString()
  // fast path, which fits nearly all libraries: if it serializes to the same text, parsing dropped nothing
  return JSON.stringify(read) === text ? undefined : repeatedMember(text)
}

/** RFC 7519 §4.1.7, bounded, because it is remembered. */
export function isIdentifier(jti: unknown): jti is string {
  return typeof jti === 'string' && jti !== '' && jti.length <= 512
}

/** Returns the value as JSON for a message, shortened. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
