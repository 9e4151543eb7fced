/** The service of codes by mail over a database of its own, and the mails that it wrote. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createAccounts } from '#accounts/accounts.ts'
import { createAudit } from '#audit/recorder.ts'
import type { Database, Queryable } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import { openMail, type WaitingMail } from '#mail/sealed-mail.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createKnownDevices } from '#sign-in/known-devices.ts'
import { createEmailCodes } from '#verification/email-code/email-codes.ts'
import { createCountMail } from '#verification/mail-budget.ts'
import { atEnd } from '../../support/endings.ts'
import { mailOf } from '../../support/mail-of.ts'
import { cloneDatabase } from '../../support/postgres.ts'
import type { ProcessCall } from '../../support/email-code-process.ts'

export const BY = { actor: { kind: 'anonymous' }, address: '192.0.2.7' } as const

export type CodeWorld = Awaited<ReturnType<typeof openCodeWorld>>

export async function openCodeWorld() {
  const { url } = await cloneDatabase()
  const db = createDatabase({ url })
  const masterKey = randomBytes(32)
  const keyring = createKeyring([masterKey])
  const audit = createAudit({ db })
  const accounts = createAccounts({ db, audit, clock })
  atEnd(() => db.close())
  const devices = createKnownDevices({ keyring })

  function build(over: Database, production = false) {
    const own = { db: over, audit: createAudit({ db: over }), accounts: createAccounts({ db: over, audit, clock }) }
    return createEmailCodes({
      ...own,
      keyring,
      mail: mailOf({ db: over, keyring }, { production }),
      countMail: createCountMail({ keyring }),
      attempts: createAttempts({ db: over, keyring }),
      devices,
      resetDelay: () => undefined,
    })
  }

  /** Every mail that was written, oldest first; those that are dropped unsent left out. */
  async function mails(): Promise<WaitingMail[]> {
    const { rows } = await db.query<{ payload: unknown }>(
      'SELECT payload FROM graphile_worker._private_jobs ORDER BY id',
    )
    return rows.flatMap(({ payload }) => openMail(keyring, payload) ?? []).filter(({ unsent }) => unsent !== true)
  }

  return {
    url,
    db,
    audit,
    accounts,
    devices,
    codes: build(db),
    build,
    mails,
    /** The code and the token of the newest mail. */
    async latest(): Promise<{ code: string; token: string }> {
      const mail = (await mails()).at(-1)
      if (!mail || !('code' in mail.data) || !('path' in mail.data)) throw new Error('the newest mail has no code')
      const { code, path } = mail.data
      return { code, token: new URL(path, 'https://id.example.com').searchParams.get('token') ?? '' }
    },
    /** The newest events of codes, as `type reason`. */
    async told(count = 1): Promise<string[]> {
      const events = await audit.list({ limit: 50 })
      const own = events.filter(({ type }) => type.startsWith('email_code.')).slice(0, count)
      return own.map(
        ({ type, reason }) => `${type.slice('email_code.'.length)}${reason === undefined ? '' : `: ${reason}`}`,
      )
    },
    startProcess: () => startProcess(url, masterKey),
  }
}

/** A node of its own: gives the outcomes of its calls. */
async function startProcess(url: string, masterKey: Buffer): Promise<(call: ProcessCall) => Promise<string[]>> {
  const node = join(import.meta.dirname, '../../../node_modules/node/bin/node')
  const script = join(import.meta.dirname, '../../support/email-code-process.ts')
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, url, masterKey.toString('hex')], {
    cwd: join(import.meta.dirname, '../../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  atEnd(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return async (call) => {
    child.stdin.write(`${JSON.stringify(call)}\n`)
    const { value } = await lines.next()
    return JSON.parse(value ?? '[]') as string[]
  }
}

/** The same database, with the first words of each statement written down. */
export function watched(db: Database, statements: string[]): Database {
  const over = (queryable: Queryable): Queryable => ({
    query(text, values) {
      statements.push(text.trim().replaceAll(/\s+/g, ' ').slice(0, 60))
      return queryable.query(text, values)
    },
  })
  return { ...over(db), transaction: (work) => db.transaction((trx) => work(over(trx))), close: () => db.close() }
}
