/** An authenticator app, set up for an account of a running server. */
import { HOTP, Secret } from 'otpauth'
import { createAccounts } from '#accounts/accounts.ts'
import { SYSTEM } from '#audit/audit.ts'
import { createAudit } from '#audit/recorder.ts'
import { readMasterKeyFile } from '#config/key-files.ts'
import { createDatabase } from '#database/pool.ts'
import { systemClock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createMethods } from '#sign-in/methods.ts'
import type { Server } from './server.ts'
import { mailOf } from './mail-of.ts'
import { asSuperuser } from './postgres.ts'

const PERIOD_SECONDS = 30

export interface AuthenticatorApp {
  /** Returns a valid, unused code. If all current codes are used, the server forgets which ones were. */
  code(): Promise<string>
  /** The recovery codes. */
  readonly paper: string[]
}

export async function authenticatorApp(
  server: Pick<Server, 'issuer' | 'databaseUrl' | 'keysDir'>,
  sub: string,
): Promise<AuthenticatorApp> {
  const db = createDatabase({ url: server.databaseUrl, poolSize: 1 })
  try {
    const audit = createAudit({ db })
    const clock = systemClock
    const accounts = createAccounts({ db, audit, clock })
    const keyring = createKeyring(readMasterKeyFile(server.keysDir)?.keys ?? [])
    const { totp, recoveryCodes } = createMethods({
      db,
      audit,
      clock,
      accounts,
      keyring,
      mail: mailOf({ db, keyring }),
      issuer: server.issuer,
      brand: () => 'Signet',
    })
    const account = await accounts.read(sub)
    if (!account) throw new Error('there is no such account')
    const { secret } = await totp.begin(account, 'Signet')
    const present = () => Math.floor(Date.now() / 1000 / PERIOD_SECONDS)
    let used = present()
    await totp.confirm(sub, codeAt(secret, used), SYSTEM)
    const paper = await recoveryCodes.generate(sub, SYSTEM)
    return {
      paper,
      async code() {
        used = Math.max(used + 1, present())
        // the server accepts the next period's code as well
        if (used > present() + 1) {
          await forgetUse(server.databaseUrl, sub)
          used = present()
        }
        return codeAt(secret, used)
      },
    }
  } finally {
    await db.close()
  }
}

function codeAt(secret: string, counter: number): string {
  return HOTP.generate({ secret: Secret.fromBase32(secret), counter })
}

async function forgetUse(databaseUrl: string, sub: string): Promise<void> {
  const forget = 'UPDATE totp_credentials SET last_step = last_step - 10 WHERE account_sub = $1'
  await asSuperuser((client) => client.query(forget, [sub]), databaseUrl)
}
