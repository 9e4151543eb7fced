/** The mails that a server in development kept instead of sending them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Server } from './server.ts'

interface KeptMail {
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** The code and the link of the newest mail to an address that has a link of this path; waits until it is there. */
export async function devMail(
  server: Pick<Server, 'managementUrl'>,
  address: string,
  path: string,
): Promise<{ code: string; link: string }> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const response = await fetch(`${server.managementUrl}/dev/mail`, { headers: { accept: 'application/json' } })
    const { items } = (await response.json()) as { items: KeptMail[] }
    const mail = items.find(({ to, text }) => to === address && linkIn(text).includes(path))
    if (mail) return { code: codeIn(mail.text), link: linkIn(mail.text) }
    if (performance.now() > deadline) throw new Error(`no mail with a link to ${path} came to ${address}`)
    await delay(20)
  }
}

/** The eight digits of a mail's text, empty where it has none. */
export function codeIn(text: string): string {
  const code = /^\s*(\d{4}) (\d{4})\s*$/m.exec(text)
  return code ? `${code[1]}${code[2]}` : ''
}

/** The address of a mail's one action. */
export function linkIn(text: string): string {
  return /^(https?:\S+)$/m.exec(text)?.[1] ?? ''
}
