/** Passkeys on a running server: added by the service, used on the server's pages. */
import { randomBytes } from 'node:crypto'
import { createAccounts } from '#accounts/accounts.ts'
import { SYSTEM } from '#audit/audit.ts'
import { createAudit } from '#audit/recorder.ts'
import { createDatabase } from '#database/pool.ts'
import { createLogger } from '#observability/logger.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { systemClock as clock } from '#shared/clock.ts'
import type { PasskeyRequest } from '#sign-in/passkey/passkey.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { authenticator, type SoftwarePasskey } from './authenticator.ts'
import { atEnd } from './endings.ts'
import { mailOf } from './mail-of.ts'
import type { Person, Visit } from './person.ts'
import type { Server } from './server.ts'

/** Adds a passkey of `device` to the account. */
export async function enrolPasskey(
  server: Pick<Server, 'databaseUrl' | 'issuer'>,
  sub: string,
  device = authenticator(server.issuer),
): Promise<SoftwarePasskey> {
  const { passkeys, accounts } = passkeysOn(server)
  const account = await accounts.read(sub)
  if (!account) throw new Error('there is no such account')
  const { attestation, passkey } = device.make(await passkeys.registrationOptions(account, 'test'))
  await passkeys.register(account, { credential: attestation, binding: 'test', name: 'Telephone' }, SYSTEM)
  return passkey
}

/** The passkeys of a server's database. A key of their own suffices, since a passkey is stored unsealed. */
function passkeysOn({ databaseUrl, issuer }: Pick<Server, 'databaseUrl' | 'issuer'>) {
  const logger = createLogger({ level: 'silent', format: 'json' })
  const db = createDatabase({ url: databaseUrl, logger, applicationName: 'test' })
  atEnd(() => db.close())
  const keyring = createKeyring([randomBytes(32)])
  const audit = createAudit({ db })
  const accounts = createAccounts({ db, audit, clock })
  return {
    accounts,
    passkeys: createPasskeys({
      db,
      accounts,
      audit,
      keyring,
      mail: mailOf({ db, keyring }),
      clock,
      issuer,
      brand: () => 'Signet',
    }),
  }
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
