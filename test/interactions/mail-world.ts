/** A running server with a mail relay, and people who register, reset passwords and accept invitations. */
import type { ParsedMail } from 'mailparser'
import { administrator, PASSWORD, type Administrator } from '../support/administrator.ts'
import { createApp, type App } from '../support/app.ts'
import { codeIn, linkIn } from '../support/dev-mail.ts'
import { person, type Person, textOf, type Visit } from '../support/person.ts'
import { type Server, type ServerOptions, startProcesses, startServers } from '../support/server.ts'
import { type SmtpServer, type TakenMail, startSmtp } from '../support/smtp.ts'
import { DELIVERED_MS, eventually } from '../support/eventually.ts'

export const CALLBACK = 'https://shop.example/cb'
export const NEW_PASSWORD = 'seven purple lanterns drift'

export interface ReceivedMail {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The eight digits, if any. */
  readonly code: string
  /** The URL of its button. */
  readonly link: string
}

export interface MailWorld {
  readonly server: Server
  /** Another process of the same issuer, if two were started. */
  readonly second: Server
  readonly admin: Administrator
  readonly app: App
  readonly smtp: SmtpServer
  /** `through`: the process that each request goes to. */
  somebody(through?: () => Server): Person
  /** Creates an account with PASSWORD. */
  account(also?: Record<string, unknown>): Promise<{ sub: string; email: string }>
  address(): string
  set(mode: 'off' | 'invited' | 'open'): Promise<void>
  /** Opens the sign-in page of a new request. */
  signInPage(browser: Person, params?: Record<string, string>): Promise<Visit>
  /** Follows a link of the page, found by its text. */
  follow(browser: Person, page: Visit, words: string): Promise<Visit>
  /** Waits until an address has `count` mails and returns the newest. */
  mail(address: string, count?: number): Promise<ReceivedMail>
  /** Goes from the sign-in page to the one that asks for the code. */
  ask(browser: Person, kind: 'reset' | 'register', email: string, params?: Record<string, string>): Promise<Visit>
  /** Does the same and enters the code, up to the page that asks for the new password. */
  prove(browser: Person, kind: 'reset' | 'register', email: string, params?: Record<string, string>): Promise<Visit>
  /** Asks for a reset, and returns the link that is mailed. */
  resetLink(email: string): Promise<string>
  /** Opens a mailed link in a new browser, presses the button of its page and returns the page that follows. */
  openLink(link: string, through?: () => Server): Promise<{ browser: Person; page: Visit }>
  newestEvent(type: string): Promise<Record<string, unknown>>
}

const WAYS = { reset: 'Forgot your password?', register: 'Create an account' } as const

let people = 0

export async function startMailWorld(count = 1, options: ServerOptions = {}): Promise<MailWorld> {
  const smtp = await startSmtp()
  const env = { SMTP_URL: smtp.url, SIGNET_MAIL_FROM: 'id@example.com', ...options.env }
  const start = count === 1 ? startServers : startProcesses
  const servers = await start(count, { ...options, env })
  const server = servers[0] as Server
  const admin = await administrator(server)
  const client = await admin.client('web', { client_name: 'shop', redirect_uris: [CALLBACK] })
  const app = createApp(server, client, CALLBACK)
  const world: MailWorld = {
    server,
    second: servers[1] ?? server,
    admin,
    app,
    smtp,
    somebody: (through = () => server) => person(through),
    address: () => `somebody${people++}@example.com`,
    async account(also = {}) {
      const email = world.address()
      return { email, sub: await admin.account(email, PASSWORD, also) }
    },
    set: (mode) => admin.call('PATCH', '/settings', { registration: { mode } }),
    signInPage: (browser, params = {}) =>
      browser.visit(app.begin({ prompt: 'login', ui_locales: 'en', ...params }).url),
    follow: (browser, page, words) => browser.visit(new URL(linkOf(page, words), page.url).href),
    mail: (address, wanted = 1) => untilMail(smtp, address, wanted),
    async ask(browser, kind, email, params) {
      const page = await world.follow(browser, await world.signInPage(browser, params), WAYS[kind])
      return browser.submit(page, { email })
    },
    async prove(browser, kind, email, params) {
      const before = mailsTo(smtp, email).length
      const page = await world.ask(browser, kind, email, params)
      const { code } = await world.mail(email, before + 1)
      return browser.submit(page, { code })
    },
    async resetLink(email) {
      const before = mailsTo(smtp, email).length
      await world.ask(world.somebody(), 'reset', email)
      return (await world.mail(email, before + 1)).link
    },
    async openLink(link, through) {
      const browser = world.somebody(through)
      return { browser, page: await browser.submit(await browser.visit(link), {}) }
    },
    async newestEvent(type) {
      const [event] = await admin.audit(type)
      if (!event) throw new Error(`no ${type} was audited`)
      return event
    },
  }
  return world
}

/** Returns the URL of a link, found by its text. */
export function linkOf(page: Visit, words: string): string {
  const link = [...page.html.matchAll(/<a\b[^>]*href="([^"]*)"[^>]*>([\s\S]*?)<\/a>/g)].find(
    ([, , inner]) => textOf(inner ?? '') === words,
  )
  if (!link?.[1]) throw new Error(`the page has no link “${words}”: ${textOf(page.html)}`)
  return link[1].replaceAll('&amp;', '&')
}

function mailsTo(smtp: SmtpServer, address: string): readonly TakenMail[] {
  return smtp.taken.filter(({ to }) => to.includes(address))
}

async function untilMail(smtp: SmtpServer, address: string, wanted: number): Promise<ReceivedMail> {
  const own = () => mailsTo(smtp, address)
  await eventually(
    () => own().length >= Math.max(wanted, 1),
    DELIVERED_MS,
    () => `no mail came to ${address}`,
  )
  return receivedMail((own().at(-1) as TakenMail).parsed)
}

function receivedMail({ subject = '', text = '', html }: ParsedMail): ReceivedMail {
  return { subject, text, html: typeof html === 'string' ? html : '', code: codeIn(text), link: linkIn(text) }
}
