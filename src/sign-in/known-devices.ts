/** Browsers in which a person has signed in before: guessing elsewhere cannot lock them out there. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Keyring } from '#sealing/keyring.ts'

const DEVICE_BYTES = 16
const TAG_BYTES = 16
/** Accounts that one browser is remembered for. */
const MOST = 5
const PURPOSE = 'known-device'

/**
 * What a browser keeps is its id and a keyed digest for each account that signed in there: nothing is stored, and
 * nobody can make one for an account that they have not signed in to.
 */
export interface KnownDevices {
  /** The id of the browser, where `token` says that this account signed in there; undefined otherwise. */
  idFor(token: string | undefined, accountId: string): string | undefined
  /** The token after a sign-in of the account. */
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
