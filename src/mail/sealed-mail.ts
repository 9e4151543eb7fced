/** How a mail stands in the outbox: sealed as a whole, for it carries codes, links and addresses. */
import type { Keyring } from '#sealing/keyring.ts'
import { randomName } from '#shared/ids.ts'
import type { TemplateData, TemplateName } from './templates/letter.ts'

export interface MailMessage<Name extends TemplateName = TemplateName> {
  /** One address that the account room found good. */
  readonly to: string
  /** The person's language, as a BCP 47 tag; one that is not spoken here is answered in English. */
  readonly language: string
  readonly template: Name
  readonly data: TemplateData[Name]
  /** Waits as every mail does and is dropped then, so that nobody can tell by time that there was none to send. */
  readonly unsent?: boolean
}

/** As it waits: when it was written, and a name by which its copies are recognised. */
export interface WaitingMail extends MailMessage {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly writtenAt: number
}

const PURPOSE = 'mail'

/** The payload of a mail in the outbox. */
export function sealMail(
  keyring: Pick<Keyring, 'seal'>,
  message: MailMessage,
  now: Date,
): { id: string; sealed: string } {
  const id = randomName('mail-')
  const content = Buffer.from(JSON.stringify({ ...message, writtenAt: now.getTime() }))
  return { id, sealed: keyring.seal(PURPOSE, content, id).toString('base64') }
}

/** Undefined when this was not sealed by one of our keys. */
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
