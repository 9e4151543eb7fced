/** Protects stored secrets: digests of bearer values, and sealed payload members. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { SealedColumn } from '#sealing/sealed-column.ts'
import { sha256 } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { MODELS, type ModelRow } from './models.ts'
import { sealSeenFrom, type SeenFrom } from '../sessions/seen-from.ts'

export type Payload = Record<string, unknown>

const PURPOSE = 'artefact'
const VALUE = '\0value'

/** Returns the row id of a bearer value: its SHA-256. 256 random bits need no salt. */
export function rowId(value: string): Buffer {
  return sha256(value)
}

export interface PayloadSealer {
  /** Splits a payload into clear members, and members sealed with kind and row id as associated data. */
  seal(kind: string, row: ModelRow, value: string, payload: Payload): { open: Payload; sealed: Buffer | null }
  /** Restores the sealed members; also returns `value` for models that keep it. */
  open(kind: string, id: Uint8Array, stored: { payload: Payload; sealed: Uint8Array | null }): OpenedPayload
  /** Returns a keyed digest of a user code, which is short enough to guess from a plain digest. */
  userCode(code: string): Buffer
  /** Seals where a session was last used. */
  seenFrom(uid: string, from: SeenFrom): Buffer
}

export interface OpenedPayload {
  readonly payload: Payload
  readonly value: string | undefined
}

export function createPayloadSealer(keyring: Keyring): PayloadSealer {
  return {
    seal(kind, row, value, payload) {
      const open: Payload = { ...payload }
      const secret: Payload = {}
      delete open['jti']
      delete open['exp']
      delete open['consumed']
      for (const member of row.secrets) {
        if (open[member] === undefined) continue
        secret[member] = open[member]
        delete open[member]
      }
      if (row.keepsValue) secret[VALUE] = value
      if (Object.keys(secret).length === 0) return { open, sealed: null }
      const context = sealContext(kind, rowId(value))
      return { open, sealed: keyring.seal(PURPOSE, JSON.stringify(secret), context) }
    },
    open(kind, id, stored) {
      if (stored.sealed === null) return { payload: stored.payload, value: undefined }
      const secret = JSON.parse(keyring.open(PURPOSE, stored.sealed, sealContext(kind, id)).toString()) as Payload
      const { [VALUE]: value, ...members } = secret
      return { payload: { ...stored.payload, ...members }, value: typeof value === 'string' ? value : undefined }
    },
    userCode: (code) => keyring.mac('user-code', code),
    seenFrom: (uid, from) => sealSeenFrom(keyring, uid, from),
  }
}

/** The sealed columns of the adapter. Partitions of models that seal nothing are left out. */
export const SEALED_PAYLOADS: readonly SealedColumn[] = [
  {
    table: 'artefacts',
    column: 'sealed',
    purpose: PURPOSE,
    names: ['kind', 'id'],
    context: ({ kind, id }) => sealContext(kind as string, id as Buffer),
    where: `kind IN (${sealingKinds().join(', ')})`,
  },
  {
    table: 'sessions',
    column: 'sealed',
    purpose: PURPOSE,
    names: ['uid'],
    context: ({ uid }) => sealContext('Session', rowId(uid as string)),
  },
]

function sealingKinds(): string[] {
  const rows: [string, ModelRow][] = Object.entries(MODELS)
  return rows
    .filter(([, row]) => row.storage === 'artefacts' && (row.keepsValue || row.secrets.length > 0))
    .map(([kind]) => `'${kind}'`)
}

function sealContext(kind: string, id: Uint8Array): string {
  return `${kind}/${Buffer.from(id).toString('hex')}`
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals the successor of a refresh token under a key derived from the rotated token. Only the holder of the old token
 * can open it; a dump of the database is not enough.
 */
export function sealSuccessor(presented: string, successor: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', successorKey(presented), nonce)
  return Buffer.concat([nonce, cipher.update(successor), cipher.final(), cipher.getAuthTag()])
}

export function openSuccessor(presented: string, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', successorKey(presented), sealed.subarray(0, NONCE_BYTES))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  return decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)).toString() + decipher.final().toString()
}

function successorKey(presented: string): Buffer {
  return Buffer.from(hkdfSync('sha256', presented, '', 'signet/refresh-successor', 32))
}
