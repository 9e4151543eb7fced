/** Checks the public keys of a client (`jwks`). Private keys are refused, and errors never show them. */
import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Client, PublicJwk } from './client.ts'

const MAX_KEYS = 20
const MAX_PUBLISHED_KEYS = 50
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192
/** The members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1 and RFC 8037 §2). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const KEPT_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'use', 'alg', 'key_ops', 'x5c', 'x5t', 'x5t#S256']
const PUBLIC_OPERATIONS = ['verify', 'encrypt', 'wrapKey', 'deriveKey', 'deriveBits']
/** Key agreement with keys on elliptic curves (RFC 7518 §4.6). */
export const ECDH_ALGS = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] as const

/**
 * The algorithms of each kind of key: all that it can be registered for, and those that can sign a client assertion.
 */
const KINDS: Readonly<Record<string, { algs: readonly string[]; assertionAlgs: readonly string[] }>> = {
  RSA: { algs: ['RS256', 'PS256', 'RSA-OAEP', 'RSA-OAEP-256'], assertionAlgs: ['RS256', 'PS256'] },
  'EC P-256': { algs: ['ES256', ...ECDH_ALGS], assertionAlgs: ['ES256'] },
  'EC P-384': { algs: ['ES384', ...ECDH_ALGS], assertionAlgs: [] },
  'EC P-521': { algs: ['ES512', ...ECDH_ALGS], assertionAlgs: [] },
  'OKP Ed25519': { algs: ['EdDSA', 'Ed25519'], assertionAlgs: ['EdDSA'] },
}

export interface CheckedKeys {
  readonly jwks: { readonly keys: readonly PublicJwk[] }
  /** The algorithms with which the keys can sign a client assertion. */
  readonly assertionAlgs: ReadonlySet<string>
}

/** Returns the keys with their known members only. Pushes what is wrong to `faults`, and then returns undefined. */
export function checkJwks(given: unknown, faults: Fault[]): CheckedKeys | undefined {
  const keys = isObject(given) ? given.keys : undefined
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS) {
    const expected = `a JWK Set {"keys": […]} of 1 to ${MAX_KEYS} public keys`
    faults.push({ field: 'jwks', given: kindOfValue(given), expected })
    return undefined
  }
  const before = faults.length
  const kids = new Set<unknown>()
  const assertionAlgs = new Set<string>()
  const checked = keys.map((key: unknown, at) => {
    const field = `jwks.keys[${at}]`
    const fault = keyFault(key)
    if (fault) faults.push({ ...fault, field: fault.field ? `${field}.${fault.field}` : field })
    if (!isObject(key)) return {}
    if (key.kid !== undefined && kids.has(key.kid)) {
      faults.push({ field: `${field}.kid`, given: shown(key.kid), expected: 'a kid that no other key of the set has' })
    }
    kids.add(key.kid)
    for (const alg of assertionAlgsOf(key)) assertionAlgs.add(alg)
    return keptMembers(key)
  })
  return faults.length === before ? { jwks: { keys: checked }, assertionAlgs } : undefined
}

/**
 * Returns the usable keys among the first 50 of a document behind a `jwks_uri`, and how many keys come after those;
 * undefined when it is not a JWK Set. Keys of an unknown kind are left out (RFC 7517 §5). So are keys whose private part
 * is published, since anyone could sign with them.
 */
export function usableKeys(document: unknown): { keys: PublicJwk[]; ignored: number } | undefined {
  const keys = isObject(document) ? document.keys : undefined
  if (!Array.isArray(keys)) return undefined
  const usable = keys
    .slice(0, MAX_PUBLISHED_KEYS)
    .filter((key: unknown): key is Record<string, unknown> => isObject(key) && keyFault(key) === undefined)
    .map(keptMembers)
  return { keys: usable, ignored: Math.max(0, keys.length - MAX_PUBLISHED_KEYS) }
}

/** Returns the keys in a client's own metadata (`jwks`). */
export function inlineKeys({ metadata }: Pick<Client, 'metadata'>): readonly PublicJwk[] {
  const jwks = metadata.jwks as { keys?: readonly PublicJwk[] } | undefined
  return jwks?.keys ?? []
}

/** Returns the keys that a client has now, in its metadata or at its `jwks_uri`. */
export function presentKeys(client: Client): readonly PublicJwk[] {
  return client.metadata.jwks_uri === undefined ? inlineKeys(client) : (client.publishedKeys?.keys ?? [])
}

function keptMembers(key: Record<string, unknown>): PublicJwk {
  return Object.fromEntries(KEPT_MEMBERS.filter((name) => Object.hasOwn(key, name)).map((name) => [name, key[name]]))
}

function assertionAlgsOf(key: Record<string, unknown>): string[] {
  if (key.use === 'enc') return []
  const algs = (KINDS[kindOf(key)]?.assertionAlgs ?? []) as string[]
  const alg = key.alg === 'Ed25519' ? 'EdDSA' : key.alg
  return alg === undefined ? algs : algs.filter((name) => name === alg)
}

function keyFault(key: unknown): Fault | undefined {
  if (!isObject(key)) return { field: '', given: kindOfValue(key), expected: 'a public key as JWK (RFC 7517)' }
  const secret = PRIVATE_MEMBERS.find((name) => Object.hasOwn(key, name))
  if (secret !== undefined && key.kty !== 'oct') {
    return { field: secret, given: '(not shown)', expected: 'the public key only; make a new key, this one was sent' }
  }
  const kind = kindOf(key)
  if (!Object.hasOwn(KINDS, kind)) {
    return { field: 'kty', given: shown(kind), expected: `a public key of the kind ${Object.keys(KINDS).join(', ')}` }
  }
  return memberFault(key, kind) ?? materialFault(key, kind)
}

function memberFault(key: Record<string, unknown>, kind: string): Fault | undefined {
  const { kid, use, alg, key_ops: operations } = key
  if (kid !== undefined && !(typeof kid === 'string' && /^[\x20-\x7E]{1,256}$/.test(kid))) {
    return { field: 'kid', given: shown(kid), expected: 'a text of 1 to 256 ASCII characters' }
  }
  if (use !== undefined && use !== 'sig' && use !== 'enc') {
    return { field: 'use', given: shown(use), expected: 'sig or enc' }
  }
  const algs = KINDS[kind]?.algs ?? []
  if (alg !== undefined && !algs.includes(alg as string)) {
    return { field: 'alg', given: shown(alg), expected: `for ${kind} one of ${algs.join(', ')}` }
  }
  const usable = Array.isArray(operations) && operations.every((name) => PUBLIC_OPERATIONS.includes(String(name)))
  if (operations !== undefined && !usable) {
    const expected = `operations of a public key: ${PUBLIC_OPERATIONS.join(', ')}`
    return { field: 'key_ops', given: shown(operations), expected }
  }
  return certificateFault(key)
}

function certificateFault(key: Record<string, unknown>): Fault | undefined {
  const { x5c: chain } = key
  const isChain =
    Array.isArray(chain) && chain.every((part) => typeof part === 'string' && /^[A-Za-z0-9+/=]+$/.test(part))
  if (chain !== undefined && !isChain) {
    return { field: 'x5c', given: shown(chain), expected: 'an array of certificates in base64' }
  }
  const thumbprint = ['x5t', 'x5t#S256'].find((name) => key[name] !== undefined && !isBase64Url(key[name]))
  if (thumbprint === undefined) return undefined
  return { field: thumbprint, given: shown(key[thumbprint]), expected: 'a thumbprint in base64url' }
}

/**
 * Checks the key material: EC points are on their curve (RFC 8725 §3.4), RSA keys have 2048 bits or more (RFC 8725
 * §3.2, FAPI 2.0 §5.4.1).
 */
function materialFault(key: Record<string, unknown>, kind: string): Fault | undefined {
  const members = kind === 'RSA' ? ['n', 'e'] : kind.startsWith('EC') ? ['x', 'y'] : ['x']
  const missing = members.find((name) => !isBase64Url(key[name]))
  if (missing !== undefined) return { field: missing, given: shown(key[missing]), expected: 'a value in base64url' }
  const material = importKey(key)
  if (!material) return { field: '', given: kind, expected: 'a valid public key; an EC point must lie on its curve' }
  return (kind === 'RSA' ? rsaFault(material) : undefined) ?? chainFault(key, material)
}

/** RFC 7517 §4.7: the first certificate of `x5c` is of this key. A client may authenticate by it (RFC 8705 §2.2.2). */
function chainFault({ x5c: chain }: Record<string, unknown>, material: KeyObject): Fault | undefined {
  if (!Array.isArray(chain) || chain.length === 0) return undefined
  const expected = 'the certificate of this key first, in base64 (not base64url) of its DER'
  try {
    const { publicKey } = new X509Certificate(Buffer.from(String(chain[0]), 'base64'))
    return publicKey.equals(material) ? undefined : { field: 'x5c', given: 'a certificate of another key', expected }
  } catch {
    return { field: 'x5c', given: 'no certificate', expected }
  }
}

/** Returns whether a key comes with its certificate. */
export function hasCertificate({ x5c: chain }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(chain) && chain.length > 0
}

function importKey(key: Record<string, unknown>): KeyObject | undefined {
  const { kty, crv, x, y, n, e } = key
  try {
    return createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
}

function rsaFault(key: KeyObject): Fault | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS) {
    return { field: 'n', given: `${modulusLength} bits`, expected: `${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits` }
  }
  if (publicExponent < 3n || publicExponent % 2n === 0n) {
    return { field: 'e', given: String(publicExponent), expected: 'an odd exponent of 3 or more, usually 65537' }
  }
  return undefined
}

/** Returns `kty` and, if there is one, `crv`, such as `EC P-256`. */
export function kindOf({ kty, crv }: Readonly<Record<string, unknown>>): string {
  return [kty, crv].filter((part) => typeof part === 'string').join(' ')
}

/** Describes a value that may hold a key by its type, so that errors never show the key. */
function kindOfValue(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value)
    ? `an array of ${value.length}`
    : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}

function isBase64Url(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]+$/.test(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
