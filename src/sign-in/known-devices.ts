/** Recognizes browsers where a person signed in before, so that guesses from elsewhere cannot lock them out there. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Keyring } from '#sealing/keyring.ts'

const DEVICE_BYTES = 16
const TAG_BYTES = 16
/** The most accounts that one browser remembers. */
const MOST = 5
const PURPOSE = 'known-device'

/**
 * Reads and makes the token that a browser keeps: its id, and a keyed digest for each account that signed in there. The
 * server stores nothing. A token for an account can only come from a sign-in to it.
 */
export interface KnownDevices {
  /** Returns the browser's id if `token` shows that this account signed in there, otherwise undefined. */
  idFor(token: string | undefined, accountId: string): string | undefined
  /** Returns the token to keep after a sign-in of the account. */
  remember(token: string | undefined, accountId: string): string
}

export function createKnownDevices({ keyring }: { keyring: Pick<Keyring, 'macs'> }): KnownDevices {
  const tagsFor = (id: string, accountId: string) =>
    keyring.macs(PURPOSE, JSON.stringify([id, accountId])).map((mac) => mac.subarray(0, TAG_BYTES))

  return {
    idFor(token, accountId) {
      const { id, tags } = read(token)
      if (id === undefined) return undefined
      const right = tagsFor(id, accountId)
      return tags.some((tag) => right.some((mac) => timingSafeEqual(mac, tag))) ? id : undefined
    },
    remember(token, accountId) {
      const { id = randomBytes(DEVICE_BYTES).toString('base64url'), tags } = read(token)
      const right = tagsFor(id, accountId)
      const others = tags.filter((tag) => !right.some((mac) => mac.equals(tag)))
      const kept = [...right.slice(0, 1), ...others].slice(0, MOST)
      return [id, ...kept.map((tag) => tag.toString('base64url'))].join('.')
    },
  }
}

function read(token: string | undefined): { id: string | undefined; tags: Buffer[] } {
  const [id, ...tags] = (token ?? '').split('.').slice(0, MOST + 1)
  const isOurs = id !== undefined && /^[\w-]{22}$/.test(id) && tags.every((tag) => /^[\w-]{22}$/.test(tag))
  return isOurs ? { id, tags: tags.map((tag) => Buffer.from(tag, 'base64url')) } : { id: undefined, tags: [] }
}
