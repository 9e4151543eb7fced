/** Reads and verifies a client assertion in its plainest form; whatever is not plain is left to the engine. */
import { createPublicKey, type KeyObject, constants, verify } from 'node:crypto'
import type { Client, PublicJwk } from '#clients/client.ts'
import { inlineKeys } from '#clients/client-keys.ts'
import { keyThumbprint } from '#clients/key-thumbprint.ts'

type Members = Readonly<Record<string, unknown>>

export interface PlainAssertion {
  readonly header: Members & { readonly alg: string; readonly kid?: string }
  readonly claims: Members & { readonly sub: string; readonly jti: string; readonly exp: number }
  readonly signed: Buffer
  readonly signature: Buffer
}

const PART = /^[A-Za-z0-9_-]+$/
const HEADER_MEMBERS = new Set(['alg', 'kid', 'typ'])
/** Times that may be in an assertion. */
const TIMES = ['exp', 'iat', 'nbf'] as const
/** The ids that the server or an administrator gives. The id of a client document is a URL. */
const CLIENT_ID = /^[A-Za-z0-9._~-]+$/

/** Returns what the assertion says, of which nothing is verified yet; undefined when its form is not plain. */
export function readPlainAssertion(assertion: string): PlainAssertion | undefined {
  const [head, body, tail, ...more] = assertion.split('.')
  if (head === undefined || body === undefined || tail === undefined || more.length > 0) return undefined
  const signature = bytesOf(tail)
  const header = membersOf(head)
  const claims = membersOf(body)
  if (!signature || !header || !claims) return undefined
  if (Object.keys(header).some((name) => !HEADER_MEMBERS.has(name)) || typeof header['alg'] !== 'string')
    return undefined
  if (typeof claims['sub'] !== 'string' || !CLIENT_ID.test(claims['sub'])) return undefined
  if (TIMES.some((name) => claims[name] !== undefined && !Number.isSafeInteger(claims[name]))) return undefined
  const signed = Buffer.from(assertion.slice(0, head.length + 1 + body.length), 'latin1')
  return { header, claims, signed, signature } as PlainAssertion
}

/** Undefined unless the part is base64url (RFC 7515 §2) without padding and spare bits, as only one text encodes it. */
function bytesOf(part: string): Buffer | undefined {
  if (!PART.test(part)) return undefined
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : undefined
}

/** Returns the members of a JSON object that parsers cannot read in two ways: no blanks, repeated names or odd numbers. */
function membersOf(part: string): Members | undefined {
  const text = bytesOf(part)?.toString('latin1')
  if (text === undefined || !/^\{[ -~]*\}$/.test(text)) return undefined
  try {
    const members = JSON.parse(text) as Members
    return JSON.stringify(members) === text ? members : undefined
  } catch {
    return undefined
  }
}

interface VerificationKey {
  readonly jwk: PublicJwk
  readonly alg: string
  readonly key: KeyObject
}

const KINDS: Readonly<Record<string, (jwk: PublicJwk) => boolean>> = {
  ES256: ({ kty, crv }) => kty === 'EC' && crv === 'P-256',
  EdDSA: ({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519',
  PS256: ({ kty }) => kty === 'RSA',
  RS256: ({ kty }) => kty === 'RSA',
}

const keysOf = new WeakMap<Client, Map<string, VerificationKey | undefined>>()

/** Returns the only key that can have signed the assertion; undefined when there is none or several. */
export function verificationKey(client: Client, { header: { alg, kid } }: PlainAssertion): VerificationKey | undefined {
  const { publishedKeys, metadata } = client
  if (metadata['jwks_uri'] !== undefined && !(publishedKeys && publishedKeys.freshUntil.getTime() > Date.now()))
    return undefined
  let keys = keysOf.get(client)
  if (!keys) keysOf.set(client, (keys = new Map()))
  const name = kid === undefined ? alg : `${alg} ${kid}`
  if (!keys.has(name)) {
    // bounds what made-up key ids can take
    if (keys.size >= MAX_NAMES) keys.clear()
    keys.set(name, findKey(client, alg, kid))
  }
  return keys.get(name)
}

const MAX_NAMES = 20

function findKey(client: Client, alg: string, kid: string | undefined): VerificationKey | undefined {
  const isKind = Object.hasOwn(KINDS, alg) ? KINDS[alg] : undefined
  const present = client.metadata['jwks_uri'] === undefined ? inlineKeys(client) : (client.publishedKeys?.keys ?? [])
  const [jwk, ...others] = present.filter(
    (key) => isKind?.(key) && (kid === undefined || key.kid === kid) && key['use'] !== 'enc',
  )
  if (!jwk || others.length > 0 || client.revokedKeys.has(keyThumbprint(jwk))) return undefined
  // keys for another algorithm or purpose: the engine knows what they may do
  if ((jwk['alg'] ?? alg) !== alg || jwk['key_ops'] !== undefined) return undefined
  return { jwk, alg, key: createPublicKey({ key: { ...jwk }, format: 'jwk' }) }
}

/** Whether the key signed the assertion (RFC 7515 §5.2). */
export function isSignedBy({ alg, key }: VerificationKey, { signed, signature }: PlainAssertion): boolean {
  switch (alg) {
    case 'ES256':
      return signature.length === 2 * P256_BYTES && verify('sha256', signed, key, derOf(signature))
    case 'EdDSA':
      return verify(null, signed, key, signature)
    case 'PS256':
      return verify('sha256', signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature)
    default:
      return verify('sha256', signed, key, signature)
  }
}

const P256_BYTES = 32

/**
 * Converts a signature of two numbers of 32 bytes (RFC 7518 §3.4) to DER (RFC 3279 §2.2.3). Asking Node to do so needs a
 * key with options, which takes twice as long.
 */
function derOf(signature: Buffer): Buffer {
  const r = integer(signature.subarray(0, P256_BYTES))
  const s = integer(signature.subarray(P256_BYTES))
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s])
}

function integer(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1
  const padded = (bytes[start] as number) >= 0x80
  const length = bytes.length - start + Number(padded)
  const der = Buffer.alloc(2 + length)
  der[0] = 0x02
  der[1] = length
  bytes.copy(der, 2 + Number(padded), start)
  return der
}
