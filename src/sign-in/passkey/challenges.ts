/**
 * Makes and checks passkey challenges. They are not stored: each one contains its expiry and a MAC over it, its purpose
 * and its page. Only used challenges are stored, until they expire.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '#shared/clock.ts'
import { sha256 } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { ChallengeStore } from './challenge-store.ts'

/** Leaves a person time to find their security key or phone. */
export const CHALLENGE_SECONDS = 300
/** WebAuthn §13.4.3 requires at least 16 random bytes. */
const RANDOM_BYTES = 16
const EXPIRY_BYTES = 4
const BODY_BYTES = RANDOM_BYTES + EXPIRY_BYTES

/** What a challenge is for. `binding` names the interaction or session that it was made for. */
export interface ChallengeUse {
  readonly purpose: 'sign-in' | 'registration'
  readonly binding: string
}

export interface Challenges {
  /** Returns a challenge in base64url, valid for CHALLENGE_SECONDS. */
  make(use: ChallengeUse): string
  /** Returns true once for each valid challenge that was made for this use, across all nodes. */
  spend(challenge: string, use: ChallengeUse): Promise<boolean>
}

export function createChallenges(deps: {
  readonly keyring: Pick<Keyring, 'derive'>
  readonly clock: Clock
  readonly store: Pick<ChallengeStore, 'spend'>
}): Challenges {
  const { clock, store } = deps
  const keys = deps.keyring.derive('passkey-challenge')

  return {
    make(use) {
      const body = Buffer.alloc(BODY_BYTES)
      randomBytes(RANDOM_BYTES).copy(body)
      body.writeUInt32BE(Math.floor(clock.now().getTime() / 1000) + CHALLENGE_SECONDS, RANDOM_BYTES)
      return Buffer.concat([body, mac(keys[0] as Buffer, body, use)]).toString('base64url')
    },

    async spend(challenge, use) {
      const bytes = Buffer.from(challenge, 'base64url')
      if (bytes.length <= BODY_BYTES || bytes.toString('base64url') !== challenge) return false
      const body = bytes.subarray(0, BODY_BYTES)
      const given = bytes.subarray(BODY_BYTES)
      const isOurs = keys.some((key) => {
        const expected = mac(key, body, use)
        return expected.length === given.length && timingSafeEqual(expected, given)
      })
      return isOurs && store.spend(sha256(bytes), body.readUInt32BE(RANDOM_BYTES))
    },
  }
}

function mac(key: Buffer, body: Buffer, { purpose, binding }: ChallengeUse): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([purpose, binding, body.toString('base64url')]))
    .digest()
}
