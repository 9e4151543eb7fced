/** Passkeys on a running server: added by the service, used on the server's pages. */
import { systemClock } from '#shared/clock.ts'
import type { PasskeyRequest } from '#sign-in/passkey/passkey.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { SYSTEM } from '#audit/audit.ts'
import { authenticator, type SoftwarePasskey } from './authenticator.ts'
import type { Person, Visit } from './person.ts'
import { openRooms } from './rooms.ts'
import type { Server } from './server.ts'

/** Adds a passkey of `device` to the account. */
export async function enrolPasskey(
  server: Pick<Server, 'databaseUrl' | 'issuer'>,
  sub: string,
  device = authenticator(server.issuer),
): Promise<SoftwarePasskey> {
  const rooms = await openRooms(server.databaseUrl)
  const passkeys = createPasskeys({ ...rooms, clock: systemClock, issuer: server.issuer, brand: () => 'Signet' })
  const account = await rooms.accounts.read(sub)
  if (!account) throw new Error('there is no such account')
  const { attestation, passkey } = device.make(await passkeys.registrationOptions(account, 'test'))
  await passkeys.register(account, { credential: attestation, binding: 'test', name: 'Telephone' }, SYSTEM)
  return passkey
}

/** Returns the passkey request of a page. */
export function passkeyRequestOf({ html }: Visit): PasskeyRequest {
  const found = /data-ceremony="get"\s+data-options="([^"]*)"/.exec(html)?.[1]
  if (found === undefined) throw new Error('the page asks for no passkey')
  return JSON.parse(found.replaceAll('&quot;', '"')) as PasskeyRequest
}

/** Submits the passkey's answer to the page's request, as the page's script does. */
export function submitPasskey(browser: Person, page: Visit, credential: string): Promise<Visit> {
  return browser.submit(page, { credential }, { name: 'credential', value: credential })
}
