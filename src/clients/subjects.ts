/**
 * The subject of an account for a client (OpenID Connect Core §8): the account id, or for a pairwise client a value that
 * only clients of its sector get.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Keyring } from '#sealing/keyring.ts'
import type { Client } from './client.ts'
import { sectorOf } from './sectors.ts'

/** Keeps pairwise subjects apart from client ids, like the prefix of account ids (RFC 9700 §4.15). */
export const PAIRWISE_PREFIX = 'pair-'
const IV_BYTES = 16

export interface Subjects {
  /** Returns the subject that the client gets: in its tokens, at userinfo, in hints and in logout tokens. */
  of(accountId: string, client: Pick<Client, 'metadata'>): string
  /** Returns the account id for a subject that the client got; undefined when nobody has it there. */
  accountOf(subject: string, client: Pick<Client, 'metadata'>): string | undefined
}

/**
 * OpenID Connect Core §8.1: nobody but this server can compute or reverse a pairwise subject. Its keys rest on the
 * pepper, so it stays the same when master keys change. It is the account id, encrypted with a nonce that is a digest of
 * sector and account (the construction of RFC 5297), so the same account has the same subject each time.
 */
export function createSubjects({ deriveLasting }: Pick<Keyring, 'deriveLasting'>): Subjects {
  const digestKey = deriveLasting('pairwise-subject/digest')
  const encryptionKey = deriveLasting('pairwise-subject/encryption')

  function pairwise(accountId: string, sector: string): string {
    const digest = createHmac('sha256', digestKey).update(`${sector}\0${accountId}`).digest()
    const nonce = digest.subarray(0, IV_BYTES)
    const cipher = createCipheriv('aes-256-ctr', encryptionKey, nonce)
    return PAIRWISE_PREFIX + Buffer.concat([nonce, cipher.update(accountId), cipher.final()]).toString('base64url')
  }

  function decrypted(subject: string): string {
    const bytes = Buffer.from(subject.slice(PAIRWISE_PREFIX.length), 'base64url')
    if (bytes.length <= IV_BYTES) return ''
    const decipher = createDecipheriv('aes-256-ctr', encryptionKey, bytes.subarray(0, IV_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()]).toString()
  }

  return {
    of: (accountId, { metadata }) => (isPairwise(metadata) ? pairwise(accountId, sectorOf(metadata)) : accountId),
    accountOf(subject, { metadata }) {
      if (!isPairwise(metadata)) return subject
      const accountId = decrypted(subject)
      // whatever does not encrypt to the same subject was made for another sector, or by somebody else
      return pairwise(accountId, sectorOf(metadata)) === subject ? accountId : undefined
    },
  }
}

function isPairwise({ subject_type: type }: Client['metadata']): boolean {
  return type === 'pairwise'
}
