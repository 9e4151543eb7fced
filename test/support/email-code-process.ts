/** Sends and redeems codes in its own process: `node email-code-process.ts URL KEY`, then a JSON line for each call. */
import { createInterface } from 'node:readline'
import { createAccounts } from '#accounts/accounts.ts'
import { createAudit } from '#audit/recorder.ts'
import { createDatabase } from '#database/pool.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createKnownDevices } from '#sign-in/known-devices.ts'
import type { RedeemRequest, SendRequest } from '#verification/email-code/email-code.ts'
import { createEmailCodes } from '#verification/email-code/email-codes.ts'
import { createCountMail } from '#verification/mail-budget.ts'
import { mailOf } from './mail-of.ts'

const [url = '', key = ''] = process.argv.slice(2)
const db = createDatabase({ url })
const keyring = createKeyring([Buffer.from(key, 'hex')])
const audit = createAudit({ db })
const codes = createEmailCodes({
  db,
  accounts: createAccounts({ db, audit, clock }),
  audit,
  keyring,
  mail: mailOf({ db, keyring }),
  countMail: createCountMail({ keyring }),
  attempts: createAttempts({ db, keyring }),
  resetDelay: () => undefined,
  devices: createKnownDevices({ keyring }),
})
const BY = { actor: { kind: 'anonymous' } } as const

export interface ProcessCall {
  readonly send?: readonly SendRequest[]
  readonly redeem?: readonly RedeemRequest[]
}

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    const result = await work
    return result === undefined ? 'nothing' : 'proof'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

process.stdout.write('"ready"\n')
for await (const line of createInterface({ input: process.stdin })) {
  const { send = [], redeem = [] } = JSON.parse(line) as ProcessCall
  const outcomes = await Promise.all([
    ...send.map((request) => outcome(codes.send(request, BY))),
    ...redeem.map((request) => outcome(codes.redeem(request, BY))),
  ])
  process.stdout.write(`${JSON.stringify(outcomes)}\n`)
}
