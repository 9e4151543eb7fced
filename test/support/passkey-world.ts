/** Passkeys of one database on two nodes, accounts that have some, and checks of attempts. */
import { expect } from 'vitest'
import type { Account } from '#accounts/account.ts'
import { SYSTEM, type StoredAuditEvent } from '#audit/audit.ts'
import type { Clock } from '#shared/clock.ts'
import { PasskeyChanged } from '#sign-in/passkey/errors.ts'
import type { Passkeys } from '#sign-in/passkey/passkey.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { authenticator, type Forgery, type SoftwarePasskey } from './authenticator.ts'
import { cloneDatabase } from './postgres.ts'
import { openRooms, type Rooms } from './rooms.ts'

export const ISSUER = 'https://id.example.com'
export const BY = { actor: { kind: 'anonymous' }, address: '192.0.2.7', requestId: 'req-1' } as const
/** What challenges are bound to by default. */
export const PAGE = 'interaction 1'

export interface PasskeyWorld {
  readonly rooms: Rooms
  /** Those of the other node. */
  readonly otherRooms: Rooms
  readonly here: Passkeys
  readonly there: Passkeys
  somebody(): Promise<Account>
  enrolled(device?: ReturnType<typeof authenticator>): Promise<{ account: Account; passkey: SoftwarePasskey }>
  /** Signs in with it, as a browser on the page would, except for what the forgery changes. */
  present(passkey: SoftwarePasskey, forgery?: Forgery, through?: Passkeys): ReturnType<Passkeys['verify']>
  lastEvent(): Promise<StoredAuditEvent | undefined>
  /** Expects that the proof is refused, with the reason in the audit log. */
  isRefused(proof: Promise<unknown>, reason: string): Promise<void>
}

export function passkeysOf(node: Rooms, clock: Clock = { now: () => new Date() }): Passkeys {
  return createPasskeys({ ...node, clock, issuer: ISSUER, brand: () => 'Signet' })
}

export async function openPasskeyWorld(): Promise<PasskeyWorld> {
  const { url } = await cloneDatabase()
  const nodes = await Promise.all([openRooms(url), openRooms(url)])
  const [rooms, otherRooms] = nodes
  const [here, there] = [passkeysOf(nodes[0]), passkeysOf(nodes[1])]
  let people = 0

  const world: PasskeyWorld = {
    rooms,
    otherRooms,
    here,
    there,
    somebody() {
      people += 1
      return rooms.accounts.create({ email: `person-${people}@example.com`, name: 'Ada' }, SYSTEM)
    },
    async enrolled(device = authenticator(ISSUER)) {
      const account = await world.somebody()
      const { attestation, passkey } = device.make(await here.registrationOptions(account, PAGE))
      await here.register(account, { credential: attestation, binding: PAGE, name: 'Telephone' }, SYSTEM)
      return { account, passkey }
    },
    present(passkey, forgery = {}, through = here) {
      const credential = passkey.assertion(here.options(PAGE), forgery)
      return through.verify({ credential, binding: PAGE, clientId: 'shop' }, BY).catch((error: unknown) => {
        if (error instanceof PasskeyChanged) return undefined
        throw error
      })
    },
    lastEvent: async () => (await rooms.audit.list({ limit: 1 }))[0],
    async isRefused(proof, reason) {
      expect(await proof).toBeUndefined()
      expect(await world.lastEvent()).toMatchObject({
        type: 'sign_in.failed',
        outcome: 'failure',
        clientId: 'shop',
        reason,
        detail: { method: 'passkey' },
      })
    },
  }
  return world
}
