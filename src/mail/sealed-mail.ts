/** Seals a mail as a whole for the outbox, because it contains codes, links and addresses. */
import type { Keyring } from '#sealing/keyring.ts'
import { randomName } from '#shared/ids.ts'
import type { TemplateData, TemplateName } from './templates/mail-template.ts'

export interface MailMessage<Name extends TemplateName = TemplateName> {
  /** One address that the accounts room has validated. */
  readonly to: string
  /** The person's language, as a BCP 47 tag; a language without texts falls back to English. */
  readonly language: string
  readonly template: Name
  readonly data: TemplateData[Name]
  /** Queued like every other mail and then dropped, so that response times do not show whether a mail was sent. */
  readonly unsent?: boolean
}

/** A mail in the outbox. */
export interface WaitingMail extends MailMessage {
  /** The same for each attempt to send it. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly writtenAt: number
}

const PURPOSE = 'mail'

/** Returns the id and the outbox payload of a mail; `sealed` is base64. */
export function sealMail(
  keyring: Pick<Keyring, 'seal'>,
  message: MailMessage,
  now: Date,
): { id: string; sealed: string } {
  const id = randomName('mail-')
  const content = Buffer.from(JSON.stringify({ ...message, writtenAt: now.getTime() }))
  return { id, sealed: keyring.seal(PURPOSE, content, id).toString('base64') }
}

/** Opens an outbox payload. Returns undefined when it was not sealed by one of the keyring's keys. */
export function openMail(keyring: Pick<Keyring, 'open'>, payload: unknown): WaitingMail | undefined {
  const { id, sealed } = payload as { id?: unknown; sealed?: unknown }
  if (typeof id !== 'string' || typeof sealed !== 'string') return undefined
  try {
    const content = keyring.open(PURPOSE, Buffer.from(sealed, 'base64'), id)
    return { ...(JSON.parse(content.toString()) as Omit<WaitingMail, 'id'>), id }
  } catch {
    return undefined
  }
}
