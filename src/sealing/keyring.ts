/**
 * Seals secrets at rest with authenticated encryption, and derives from the master keys the keys that all nodes share.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'

const VERSION = 1
const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES

export interface Keyring {
  /** The hexadecimal id of the key that seals new values. */
  readonly primaryKeyId: string
  /** The ids of all keys that open values, the primary key first. */
  readonly keyIds: readonly string[]
  /** Derives 32 bytes for a purpose (cookie keys, nonce secrets) from each master key, newest first. */
  derive(purpose: string): Buffer[]
  /** Seals a value under the primary key. `context` names the row that stores it; opening needs the same context. */
  seal(purpose: string, plaintext: string | Uint8Array, context: string): Buffer
  /**
   * Opens a value with the master key that sealed it. Throws SealError when that key is missing, or when the value or
   * context differs.
   */
  open(purpose: string, sealed: Uint8Array, context: string): Buffer
  /**
   * Derives 32 bytes for a purpose from the pepper, so that they survive a change of master keys. Without a pepper,
   * derives them from the primary key.
   */
  deriveLasting(purpose: string): Buffer
  /** Returns HMAC-SHA-256 under a lasting key, for short values whose plain digest could be guessed (user codes). */
  mac(purpose: string, value: string): Buffer
  /**
   * Returns `mac` and the HMAC under each master key, newest first, to find values that were stored before there was a
   * pepper.
   */
  macs(purpose: string, value: string): Buffer[]
  /** Returns the same keyring with a pepper: 32 bytes that outlive master keys, stored sealed in the database. */
  withPepper(pepper: Uint8Array): Keyring
}

export class SealError extends Error {
  override readonly name = 'SealError'
}

/**
 * Returns the id that sealed values carry for their master key: 16 hexadecimal digits that reveal nothing about the
 * key.
 */
export function masterKeyId(key: Uint8Array): string {
  return createHash('sha256')
    .update('signet master key id\0')
    .update(key)
    .digest('hex')
    .slice(0, KEY_ID_BYTES * 2)
}

/**
 * Creates a keyring from 32-byte master keys: the first seals, all open. Throws TypeError without keys or for one of
 * another length.
 */
export function createKeyring(masterKeys: readonly Uint8Array[], pepper?: Uint8Array): Keyring {
  if (masterKeys.length === 0 || masterKeys.some((key) => key.length !== 32)) {
    throw new TypeError('a keyring needs at least one master key of 32 bytes')
  }
  const keyIds = masterKeys.map(masterKeyId)
  const primaryKeyId = keyIds[0] as string
  const derived = new Map<string, Buffer[]>()

  function derive(purpose: string): Buffer[] {
    let keys = derived.get(purpose)
    if (!keys) {
      keys = masterKeys.map((key) => deriveFrom(key, purpose))
      derived.set(purpose, keys)
    }
    return keys
  }

  function seal(purpose: string, plaintext: string | Uint8Array, context: string): Buffer {
    const key = derive(`seal/${purpose}`)[0] as Buffer
    const nonce = randomBytes(NONCE_BYTES)
    const header = Buffer.concat([Buffer.of(VERSION), Buffer.from(primaryKeyId, 'hex'), nonce])
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(header, context))
    return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  function open(purpose: string, sealed: Uint8Array, context: string): Buffer {
    const value = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    if (value.length < HEADER_BYTES + TAG_BYTES || value[0] !== VERSION) throw new SealError('not a sealed value')
    const keyId = value.subarray(1, 1 + KEY_ID_BYTES).toString('hex')
    const key = derive(`seal/${purpose}`)[keyIds.indexOf(keyId)]
    if (!key) throw new SealError(`sealed with the master key ${keyId}, which is not among those given`)
    const header = value.subarray(0, HEADER_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(1 + KEY_ID_BYTES))
    decipher.setAAD(associatedData(header, context)).setAuthTag(value.subarray(-TAG_BYTES))
    try {
      return Buffer.concat([decipher.update(value.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()])
    } catch (cause) {
      throw new SealError('a sealed value was altered or moved', { cause })
    }
  }

  return { primaryKeyId, keyIds, derive, seal, open, ...createMacs(masterKeys, derive, pepper) }
}

function createMacs(
  masterKeys: readonly Uint8Array[],
  derive: Keyring['derive'],
  pepper: Uint8Array | undefined,
): Pick<Keyring, 'deriveLasting' | 'mac' | 'macs' | 'withPepper'> {
  const lasting = new Map<string, Buffer>()

  function deriveLasting(purpose: string): Buffer {
    if (pepper === undefined) return derive(purpose)[0] as Buffer
    const key = lasting.get(purpose) ?? deriveFrom(pepper, purpose)
    lasting.set(purpose, key)
    return key
  }

  return {
    deriveLasting,
    mac: (purpose, value) => hmac(deriveLasting(`mac/${purpose}`), value),
    macs: (purpose, value) => {
      const own = derive(`mac/${purpose}`)
      return (pepper === undefined ? own : [deriveLasting(`mac/${purpose}`), ...own]).map((key) => hmac(key, value))
    },
    withPepper: (bytes) => createKeyring(masterKeys, bytes),
  }
}

function hmac(key: Buffer, value: string): Buffer {
  return createHmac('sha256', key).update(value).digest()
}

function deriveFrom(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `signet/${purpose}`, 32))
}

function associatedData(header: Uint8Array, context: string): Buffer {
  return Buffer.concat([header.subarray(0, 1 + KEY_ID_BYTES), Buffer.from(context)])
}
