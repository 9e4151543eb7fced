/** Reads the mails that a development server stores instead of sending them. */
import type { Server } from './server.ts'
import { DELIVERED_MS, eventually } from './eventually.ts'

interface KeptMail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** Returns the mails to an address so far, newest first. */
export async function devMails(server: Pick<Server, 'managementUrl'>, address: string): Promise<KeptMail[]> {
  const response = await fetch(`${server.managementUrl}/dev/mail`, { headers: { accept: 'application/json' } })
  const { items } = (await response.json()) as { items: KeptMail[] }
  return items.filter(({ to }) => to === address)
}

/** Waits for a mail to an address with a link of this path, and returns its code and link. */
export async function devMail(
  server: Pick<Server, 'managementUrl'>,
  address: string,
  path: string,
): Promise<{ code: string; link: string }> {
  let text: string | undefined
  const hasCome = async () => {
    text = (await devMails(server, address)).find((mail) => linkIn(mail.text).includes(path))?.text
    return text !== undefined
  }
  await eventually(hasCome, DELIVERED_MS, () => `no mail with a link to ${path} came to ${address}`)
  return { code: codeIn(text ?? ''), link: linkIn(text ?? '') }
}

/** Returns the eight digits in a mail's text, or '' without any. */
export function codeIn(text: string): string {
  const code = /^\s*(\d{4}) (\d{4})\s*$/m.exec(text)
  return code ? `${code[1]}${code[2]}` : ''
}

/** Returns the URL of a mail's action. */
export function linkIn(text: string): string {
  return /^(https?:\S+)$/m.exec(text)?.[1] ?? ''
}
