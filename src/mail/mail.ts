/**
 * Sends mail to people: adds it to the outbox in the transaction of its cause, from where it goes to the SMTP relay.
 */
import type { Queryable } from '#database/database.ts'
import type { OutboxTask } from '#outbox/runner.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'
import { createDelivery, type MailDeps } from './delivery.ts'
import { createKeptMails } from './kept-mail-store.ts'
import { type MailMessage, sealMail } from './sealed-mail.ts'
import { createRelay, type Relay } from './smtp.ts'
import type { TemplateName } from './templates/mail-template.ts'

export interface Mail {
  /** False in production without a relay: features that need mail are disabled, and `enqueue` does nothing. */
  readonly available: boolean
  /**
   * Queues a mail, which is sent within seconds after `trx` is committed. Throws TypeError for an invalid address:
   * callers validate addresses that people type.
   */
  enqueue<Name extends TemplateName>(trx: Queryable, message: MailMessage<Name>): Promise<void>
}

/** The name of the outbox task that sends mails. */
export const MAIL_TASK = 'mail'

/** About three days, with increasing delays. */
const MAX_ATTEMPTS = 20
/** Exactly one address: no list, comment, quoted part or line break. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[^\s@<>()[\]\\,;:"\p{Cc}]{1,253}$/u

/** Builds the service; `deliver` is the function of the outbox task. */
export function createMail(deps: MailDeps): Mail & { readonly deliver: OutboxTask } {
  const { config, smtpUrl, keyring, clock } = deps
  const { hostname } = new URL(config.issuer)
  const relay = smtpUrl === undefined ? storingRelay(deps) : createRelay(smtpUrl, hostname)
  return {
    available: relay !== undefined,
    async enqueue(trx, message) {
      if (!ADDRESS.test(message.to)) throw new TypeError('a mail needs one plain address')
      if (!relay) return
      await addToOutbox(trx, {
        task: MAIL_TASK,
        payload: sealMail(keyring, message, clock.now()),
        maxAttempts: MAX_ATTEMPTS,
      })
    },
    deliver: createDelivery(deps, relay),
  }
}

/** Stores mail for the developer to read at `/dev/mail`. Undefined in production, where mail needs a relay. */
function storingRelay({ config, db, keyring }: MailDeps): Relay | undefined {
  if (config.production) return undefined
  const kept = createKeptMails(db, keyring)
  return {
    async send({ messageId, at, from, to, subject, text, html }) {
      await kept.keep({ id: messageId, at: at.toISOString(), from, to, subject, text, html })
    },
  }
}
