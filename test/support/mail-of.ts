/** Mail over a database, as a server would queue it; nothing is sent without its outbox. */
import type { Database } from '#database/database.ts'
import { createMail } from '#mail/mail.ts'
import { createLogger } from '#observability/logger.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { systemClock } from '#shared/clock.ts'

export function mailOf(
  { db, keyring }: { readonly db: Database; readonly keyring: Keyring },
  { production = false } = {},
) {
  return createMail({
    config: { issuer: 'https://as.example.com', production, mailFrom: undefined },
    smtpUrl: undefined,
    db,
    keyring,
    logger: createLogger({ level: 'silent', format: 'json' }),
    metrics: { mailHandled: () => undefined },
    clock: systemClock,
    brand: () => 'Signet',
  })
}
