/**
 * From where and by what a session was last used, as its owner is shown it. It is personal data: no more of it is kept
 * than one knows a device again by, and that sealed, so that a dump of the database tells nobody where people were.
 */
import type { SealedColumn } from '#sealing/sealed-column.ts'
import type { Device } from '#http/device.ts'
import { SealError, type Keyring } from '#sealing/keyring.ts'

export interface SeenFrom extends Device {
  readonly address?: string
}

const PURPOSE = 'session-seen-from'

export function sealSeenFrom(keyring: Pick<Keyring, 'seal'>, uid: string, from: SeenFrom): Buffer {
  return keyring.seal(PURPOSE, JSON.stringify(from), uid)
}

/** Undefined where nothing was kept, or nobody can open it any more. */
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
  names: ['uid'],
  context: ({ uid }) => uid as string,
}
