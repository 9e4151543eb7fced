/**
 * Seals and opens the address and device that last used a session, which are shown to its owner. This is personal data:
 * we keep only what helps to recognize a device, and seal it, so that a dump of the database does not reveal it.
 */
import { boundTo, type SealedColumn } from '#sealing/sealed-column.ts'
import type { Device } from '#http/device.ts'
import { SealError, type Keyring } from '#sealing/keyring.ts'

export interface SeenFrom extends Device {
  readonly address?: string
}

const PURPOSE = 'session-seen-from'

export function sealSeenFrom(keyring: Pick<Keyring, 'seal'>, uid: string, from: SeenFrom): Buffer {
  return keyring.seal(PURPOSE, JSON.stringify(from), uid)
}

/** Returns the opened value. Undefined when nothing was kept, or when it can no longer be opened. */
export function openSeenFrom(keyring: Pick<Keyring, 'open'>, uid: string, sealed: Buffer | null): SeenFrom | undefined {
  if (sealed === null) return undefined
  try {
    return JSON.parse(keyring.open(PURPOSE, sealed, uid).toString()) as SeenFrom
  } catch (error) {
    if (error instanceof SealError) return undefined
    throw error
  }
}

export const SEALED_SEEN_FROM: SealedColumn = {
  table: 'sessions',
  column: 'seen_from',
  purpose: PURPOSE,
  ...boundTo('uid'),
}
