/** A software authenticator: creates passkeys and signs with them, correctly or as an attacker would. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'
import type { PasskeyCreation, PasskeyRequest } from '#sign-in/passkey/passkey.ts'

/** Flags of the authenticator data (WebAuthn §6.1). */
const UP = 0x01
const UV = 0x04
const BE = 0x08
const BS = 0x10
const AT = 0x40

/** What an attacker changes. */
export interface Forgery {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  readonly crossOrigin?: boolean
  readonly verified?: boolean
  readonly present?: boolean
  readonly synced?: boolean
  readonly signCount?: number
  readonly userHandle?: string
  readonly id?: string
  readonly rawId?: string
  /** Signs instead of the passkey's own key. */
  readonly key?: KeyObject
}

export interface SoftwarePasskey {
  /** In base64url. */
  readonly id: string
  readonly userHandle: string
  readonly rpId: string
  readonly privateKey: KeyObject
  signCount: number
  readonly synced: boolean
  /** As JSON text, as a page sends it. */
  assertion(options: PasskeyRequest, forgery?: Forgery): string
}

export interface CreatedPasskey {
  readonly passkey: SoftwarePasskey
  /** As JSON text, as a page sends it. */
  readonly attestation: string
}

export type CreateOptions = Forgery & {
  /** The COSE algorithm of the key; default -7 (ES256). */
  readonly alg?: -7 | -8 | -257 | -35
  readonly fmt?: string
  readonly attStmt?: Map<string, unknown>
}

/**
 * Creates an authenticator on a page of `origin`. With `counts: false` its counter stays 0, as with synced passkeys.
 */
export function authenticator(origin: string, { counts = true, synced = false } = {}) {
  return {
    make(options: PasskeyCreation, how: CreateOptions = {}): CreatedPasskey {
      const { alg = -7, fmt = 'none', attStmt = new Map<string, unknown>() } = how
      const { privateKey, cose } = newKey(alg)
      const id = randomBytes(32)
      const rpId = options.rp.id ?? ''
      const header = authenticatorData({ rpId, synced, signCount: 0, ...how }, AT)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const authData = Buffer.concat([header, Buffer.alloc(16), length, id, encode(cose)])
      const attestationObject = encode(new Map<string, unknown>(Object.entries({ fmt, attStmt, authData })))
      const told = id.toString('base64url')
      const clientData = clientDataOf({ type: 'webauthn.create', origin, challenge: options.challenge, ...how })
      const passkey = softwarePasskey(
        { id: told, userHandle: options.user.id, rpId, privateKey, synced },
        origin,
        counts,
      )
      const attestation = JSON.stringify({
        id: how.id ?? told,
        rawId: how.rawId ?? how.id ?? told,
        type: 'public-key',
        response: {
          clientDataJSON: clientData.toString('base64url'),
          attestationObject: attestationObject.toString('base64url'),
          transports: ['internal'],
        },
      })
      return { passkey, attestation }
    },
  }
}

function softwarePasskey(
  made: Pick<SoftwarePasskey, 'id' | 'userHandle' | 'rpId' | 'privateKey' | 'synced'>,
  origin: string,
  counts: boolean,
): SoftwarePasskey {
  const passkey: SoftwarePasskey = {
    ...made,
    signCount: 0,
    assertion(options, forgery = {}) {
      if (counts) passkey.signCount += 1
      const { rpId, synced, signCount, id, userHandle } = passkey
      const authData = authenticatorData({ rpId, synced, signCount, ...forgery })
      const clientData = clientDataOf({ type: 'webauthn.get', origin, challenge: options.challenge, ...forgery })
      const hash = createHash('sha256').update(clientData).digest()
      const key = forgery.key ?? passkey.privateKey
      const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
      return JSON.stringify({
        id: forgery.id ?? id,
        rawId: forgery.rawId ?? forgery.id ?? id,
        type: 'public-key',
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: authData.toString('base64url'),
          signature: sign(digest, Buffer.concat([authData, hash]), key).toString('base64url'),
          userHandle: forgery.userHandle ?? userHandle,
        },
      })
    },
  }
  return passkey
}

/** Creates a key that belongs to no passkey. */
export function foreignKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

function clientDataOf(said: { type: string; origin: string; challenge: string; crossOrigin?: boolean }): Buffer {
  const { type, origin, challenge, crossOrigin = false } = said
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }))
}

function authenticatorData(
  said: { rpId: string; synced: boolean; signCount: number; verified?: boolean; present?: boolean },
  further = 0,
): Buffer {
  const { rpId, synced, signCount, verified = true, present = true } = said
  const flags = (present ? UP : 0) | (verified ? UV : 0) | (synced ? BE | BS : 0) | further
  const counter = Buffer.alloc(4)
  counter.writeUInt32BE(signCount)
  return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(flags), counter])
}

/** Creates a key pair, with its public key as a COSE key (RFC 9053). */
function newKey(alg: number): { privateKey: KeyObject; cose: Map<number, number | Buffer> } {
  const pair =
    alg === -8
      ? generateKeyPairSync('ed25519')
      : alg === -257
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: alg === -35 ? 'P-384' : 'P-256' })
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const member = (name: 'x' | 'y' | 'n' | 'e') => Buffer.from(jwk[name] ?? '', 'base64url')
  const parts: [number, number | Buffer][] =
    alg === -8
      ? [
          [1, 1],
          [3, alg],
          [-1, 6],
          [-2, member('x')],
        ]
      : alg === -257
        ? [
            [1, 3],
            [3, alg],
            [-1, member('n')],
            [-2, member('e')],
          ]
        : [
            [1, 2],
            [3, alg],
            [-1, alg === -35 ? 2 : 1],
            [-2, member('x')],
            [-3, member('y')],
          ]
  return { privateKey: pair.privateKey, cose: new Map(parts) }
}

function encode(value: Map<string, unknown> | Map<number, number | Buffer>): Buffer {
  return Buffer.from(isoCBOR.encode(plain(value) as never))
}

/** Converts subclasses of Uint8Array, which the encoder does not know. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [key, plain(entry)]))
  return value
}
