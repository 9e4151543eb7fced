/** Mail to people: put into the outbox in the transaction of its cause, and handed to the relay from there. */
import type { Queryable } from '#database/database.ts'
import type { OutboxTask } from '#outbox/runner.ts'
import { addToOutbox } from '#outbox/outbox-store.ts'
import { createDelivery, type MailDeps } from './delivery.ts'
import { createKeptMails } from './kept-mail-store.ts'
import { type MailMessage, sealMail } from './sealed-mail.ts'
import { createRelay, type Relay } from './smtp.ts'
import type { TemplateName } from './templates/letter.ts'

export interface Mail {
  /** False in production without a relay: what needs mail is off then, and `enqueue` does nothing. */
  readonly available: boolean
  /**
   * Writes a mail that leaves once `trx` is committed, within seconds. Throws TypeError for an address that is none: a
   * caller checks those that people type.
   */
  enqueue<Name extends TemplateName>(trx: Queryable, message: MailMessage<Name>): Promise<void>
}

/** The task of the outbox that sends mails. */
export const MAIL_TASK = 'mail'

/** About three days, at growing distances. */
const MAX_ATTEMPTS = 20
/** One address: no list, no comment, no quoted part, no line break. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[^\s@<>()[\]\\,;:"\p{Cc}]{1,253}$/u

/** See Mail; `deliver` is the outbox's task. */
export function createMail(deps: MailDeps): Mail & { readonly deliver: OutboxTask } {
  const { config, smtpUrl, keyring, clock } = deps
  const { hostname } = new URL(config.issuer)
  const relay = smtpUrl === undefined ? keepingRelay(deps) : createRelay(smtpUrl, hostname)
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

/** In development mail is kept where its developer reads it; in production without a relay there is none. */
function keepingRelay({ config, db, keyring }: MailDeps): Relay | undefined {
  if (config.production) return undefined
  const kept = createKeptMails(db, keyring)
  return {
    async send({ messageId, at, from, to, subject, text, html }) {
      await kept.keep({ id: messageId, at: at.toISOString(), from, to, subject, text, html })
    },
  }
}
