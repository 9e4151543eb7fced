/** Sends a mail from the outbox, or reports why it waits or is dropped. */
import type { Config } from '#config/config.ts'
import type { Queryable } from '#database/database.ts'
import type { OutboxTask } from '#outbox/runner.ts'
import type { Logger } from '#observability/logger.ts'
import type { MailOutcome, Metrics } from '#observability/metrics.ts'
import type { Clock } from '#shared/clock.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { openMail, type WaitingMail } from './sealed-mail.ts'
import { MailRefused, type OutgoingMail, type Relay } from './smtp.ts'
import { render } from './templates/render.ts'

export interface MailDeps {
  readonly config: Pick<Config, 'issuer' | 'production' | 'mailFrom'>
  readonly smtpUrl: string | undefined
  readonly db: Queryable
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly metrics: Pick<Metrics, 'mailHandled'>
  readonly clock: Clock
  /** The product name that people know. */
  readonly brand: () => string
}

const USEFUL_DAYS = 3

/** Creates the function of the outbox task. Without a relay, mails stay in the outbox. */
export function createDelivery(deps: MailDeps, relay: Relay | undefined): OutboxTask {
  const { config, keyring, logger, metrics, clock } = deps
  const from = config.mailFrom ?? `no-reply@${new URL(config.issuer).hostname}`

  async function compose(mail: WaitingMail): Promise<OutgoingMail> {
    const rendered = await render(mail, { issuer: config.issuer, brand: deps.brand() })
    const domain = from.slice(from.lastIndexOf('@') + 1).replace('>', '')
    return { ...rendered, to: mail.to, from, messageId: `${mail.id}@${domain}`, at: new Date(mail.writtenAt) }
  }

  function logFields(mail: WaitingMail, attempt: number) {
    return { mail: mail.id, template: mail.template, attempt }
  }

  return async (payload, { attempt, last, signal }) => {
    const mail = openMail(keyring, payload)
    const count = (outcome: MailOutcome) => metrics.mailHandled(outcome)
    if (!mail) {
      count('dropped')
      return logger.error({}, 'a mail was sealed by a master key that is not given; it is dropped')
    }
    if (mail.unsent) return
    if (clock.now().getTime() - mail.writtenAt > usefulMs(mail)) {
      count('dropped')
      return logger.warn(logFields(mail, attempt), 'a mail is of no use any more; it is dropped')
    }
    try {
      if (!relay) throw new Error('there is no relay')
      await relay.send(await compose(mail), signal)
    } catch (error) {
      const final = last || (error instanceof MailRefused && error.permanent)
      const reason = error instanceof MailRefused ? error.message : 'it could not be written or kept'
      count(final ? 'dropped' : 'delayed')
      logger.warn(
        { ...logFields(mail, attempt), reason },
        final ? 'a mail was given up' : 'a mail waits to be tried again',
      )
      if (final) return
      throw new Error(reason, { cause: error })
    }
    count('sent')
    logger.info(logFields(mail, attempt), 'mail sent')
  }
}

/** Returns how long a mail is worth sending, in milliseconds: until its code expires, otherwise three days. */
function usefulMs({ data }: WaitingMail): number {
  return 'minutes' in data ? data.minutes * 60_000 : USEFUL_DAYS * 24 * 3_600_000
}
