/** Nonces that an API issues and DPoP proofs must contain (RFC 9449 §9). They are not stored. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface Nonces {
  /** Returns a new nonce. */
  next(): string
  /** Returns until when the nonce is accepted, which may be in the past; undefined if it was not issued here. */
  acceptedUntil(nonce: string): Date | undefined
}

/** How long a nonce is accepted. */
const LIFETIME_MS = 300_000
/** A nonce is the time of issue in this many bytes, then its HMAC. */
const TIME_BYTES = 8

/** Creates nonces under `secret`, which all instances of the API share. */
export function createNonces(secret: string | Uint8Array, now: () => Date): Nonces {
  function nonceOf(issuedAt: bigint): Buffer {
    const time = Buffer.alloc(TIME_BYTES)
    time.writeBigUInt64BE(issuedAt)
    return Buffer.concat([time, createHmac('sha256', secret).update('dpop nonce').update(time).digest()])
  }

  return {
    next: () => nonceOf(BigInt(now().getTime())).toString('base64url'),
    acceptedUntil(nonce) {
      const bytes = Buffer.from(nonce, 'base64url')
      if (bytes.length < TIME_BYTES) return undefined
      const issuedAt = bytes.readBigUInt64BE()
      const expected = nonceOf(issuedAt)
      if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) return undefined
      return new Date(Number(issuedAt) + LIFETIME_MS)
    },
  }
}
