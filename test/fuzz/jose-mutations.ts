/** Bends a JWS in compact form: its parts, its members, its signature. */
import { createPrivateKey, type KeyObject, sign as signBytes } from 'node:crypto'
import type { JWK } from 'jose'
import type { Random } from './random.ts'
import { VALUES } from './words.ts'

const keys = new WeakMap<JWK, KeyObject>()

export function isCompactJws(text: string): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text)
}

/** A compact JWS of any header and payload, as they stand; ES256, or without a signature where there is no key. */
export function compactJws(header: string, payload: string, key: JWK | undefined): string {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return `${input}.${key === undefined ? '' : signature(input, key)}`
}

function signature(input: string, jwk: JWK): string {
  const key = keys.get(jwk) ?? createPrivateKey({ key: jwk, format: 'jwk' })
  keys.set(jwk, key)
  return signBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

/** The token bent in one way; signed anew with `key` where that is given, so that what is bent is read at all. */
export function bendJws(token: string, random: Random, key: JWK | undefined): string {
  const [header = '', payload = '', mac = ''] = token.split('.')
  const kind = random.int(10)
  if (kind === 0) return token.slice(0, random.int(token.length))
  if (kind === 1) return `${token}${random.pick(['=', '.', 'A', ' ', '..', '\n', '.A.B'])}`
  if (kind === 2) return `${header}.${payload}.${random.pick(['', 'AA', `${mac}A`, mac.slice(1), 'A'.repeat(86)])}`
  if (kind === 3) return compactJws(bendText(decoded(header), random), decoded(payload), key)
  if (kind === 4) return compactJws(decoded(header), bendText(decoded(payload), random), key)
  if (kind <= 6) return compactJws(bendMember(decoded(header), random, HEADER_MEMBERS), decoded(payload), key)
  return compactJws(decoded(header), bendMember(decoded(payload), random, CLAIMS), key)
}

const HEADER_MEMBERS = ['alg', 'typ', 'kid', 'crit', 'b64', 'zip', 'enc', 'p2c', 'jwk', 'jku', 'x5c', 'x5u', 'cty']
const CLAIMS = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'htm',
  'htu',
  'ath',
  'nonce',
  'cnf',
  'client_id',
  'sid',
]

function decoded(part: string): string {
  return Buffer.from(part, 'base64url').toString()
}

/** JSON text that is not quite what it was: broken, repeated, deep, of another kind. */
function bendText(text: string, random: Random): string {
  return random.pick([
    '',
    'null',
    '[]',
    '"x"',
    '1',
    '{',
    text.slice(0, -1),
    `${text}${text}`,
    ` ${text}`,
    `\uFEFF${text}`,
    text.replace('{', '{"alg":"none","__proto__":{"alg":"none"},'),
    text.replace('{', `{"x":${'['.repeat(2000)}${']'.repeat(2000)},`),
    text.replace('{', `{"x":"${'A'.repeat(9000)}",`),
  ])
}

function bendMember(text: string, random: Random, likely: readonly string[]): string {
  const members = membersOf(text)
  if (members === undefined) return text
  const name = random.chance(0.7) ? random.pick([...Object.keys(members), 'x']) : random.pick(likely)
  if (random.chance(0.2)) delete members[name]
  else members[name] = random.pick(VALUES)
  return JSON.stringify(members)
}

function membersOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
