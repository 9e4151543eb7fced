/** The mail room over its own database and outbox runner. */
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { openOutboxRunner } from '#outbox/runner.ts'
import { createDatabase } from '#database/pool.ts'
import { createMail, MAIL_TASK } from '#mail/mail.ts'
import type { Logger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import { type Clock, systemClock } from '#shared/clock.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { cloneDatabase } from '../support/postgres.ts'

export const ISSUER = 'https://id.example.com'
export const FROM = 'Example <id@example.com>'

export interface MailWorldOptions {
  readonly smtpUrl?: string | undefined
  readonly production?: boolean
  readonly clock?: Clock
  readonly brand?: string
  readonly url?: string
  readonly masterKey?: Uint8Array
}

/** Opens it for one test: runners that stay would go on asking their databases for work. */
export async function openMailWorld(options: MailWorldOptions = {}) {
  const url = options.url ?? (await cloneDatabase()).url
  const db = createDatabase({ url })
  const keyring = createKeyring([options.masterKey ?? randomBytes(32)])
  const lines: { level: string; detail: object; message: string }[] = []
  const told = (level: string) => (detail: object, message: string) => void lines.push({ level, detail, message })
  const metrics = createMetrics()
  const mail = createMail({
    config: { issuer: ISSUER, production: options.production ?? true, mailFrom: FROM },
    smtpUrl: options.smtpUrl,
    db,
    keyring,
    logger: { info: told('info'), warn: told('warn'), error: told('error') } as unknown as Logger,
    metrics,
    clock: options.clock ?? systemClock,
    brand: () => options.brand ?? 'Signet',
  })
  onTestFinished(async () => {
    metrics.close()
    await db.close()
  })
  return {
    url,
    db,
    keyring,
    mail,
    lines,
    /** Starts a runner that sends mails; it stops with the test. */
    async send(taskMs = 8000) {
      const tasks = { [MAIL_TASK]: mail.deliver }
      const runner = await openOutboxRunner({ url, tasks, taskMs, leaseMs: taskMs + 500, pollMs: 100 })
      onTestFinished(() => runner.close())
      return runner
    },
    /** Returns the rows of the outbox. */
    async waiting(): Promise<{ attempts: number; last_error: string | null; line: string }[]> {
      const { rows } = await db.query<{ attempts: number; last_error: string | null; line: string }>(
        'SELECT attempts, last_error, t::text AS line FROM graphile_worker._private_jobs t ORDER BY id',
      )
      return rows
    },
    /** Returns the counted attempts by outcome. */
    async counted(): Promise<Record<string, number>> {
      const figures = [...(await metrics.text()).matchAll(/^signet_mails_total\{outcome="(\w+)"\} (\d+)/gm)]
      return Object.fromEntries(figures.map(([, outcome, count]) => [outcome, Number(count)]))
    },
  }
}
