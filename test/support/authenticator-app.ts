/** An authenticator app in a person's hand, set up for an account of a live server. */
import { setTimeout as delay } from 'node:timers/promises'
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

const PERIOD_SECONDS = 30

export interface AuthenticatorApp {
  /** A code that was not used yet; waits for the next one where the present one was. */
  code(): Promise<string>
  /** Codes on paper. */
  readonly paper: string[]
}

export async function authenticatorApp(server: Server, sub: string): Promise<AuthenticatorApp> {
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
      issuer: server.issuer,
      brand: () => 'Signet',
    })
    const account = await accounts.read(sub)
    if (!account) throw new Error('there is no such account')
    const { secret } = await totp.begin(account, 'Signet')
    let used = Math.floor(Date.now() / 1000 / PERIOD_SECONDS) - 1
    await totp.confirm(sub, codeAt(secret, used), SYSTEM)
    const paper = await recoveryCodes.generate(sub, SYSTEM)
    return {
      paper,
      async code() {
        const present = Math.floor(Date.now() / 1000 / PERIOD_SECONDS)
        // one step ahead is taken too
        used = Math.max(used + 1, present)
        if (used > present + 1) await delay(((used - 1) * PERIOD_SECONDS + 1) * 1000 - Date.now())
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
