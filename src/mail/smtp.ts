/** Sends one mail to the relay over SMTP, within the time that its signal allows. */
import MailComposer from 'nodemailer/lib/mail-composer'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { isLoopback } from '#config/loopback.ts'
import type { RenderedMail } from './templates/render.ts'

export interface OutgoingMail extends RenderedMail {
  readonly to: string
  /** `ada@example.com` or `Signet <ada@example.com>`. */
  readonly from: string
  /** The same for each copy of one mail (RFC 5322 §3.6.4), without angle brackets. */
  readonly messageId: string
  readonly at: Date
}

export interface Relay {
  /** Resolves when the relay has taken the mail. Throws MailRefused. */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>
}

/** The relay did not accept a mail. The message contains neither the address nor the content of the mail. */
export class MailRefused extends Error {
  /** True when a retry cannot succeed: the relay rejected this address or this mail permanently. */
  readonly permanent: boolean

  constructor(error: SMTPConnection.SMTPError) {
    super(reasonOf(error))
    this.name = 'MailRefused'
    const permanentCode = Number(error.responseCode) >= 500 && Number(error.responseCode) < 600
    // Other commands (AUTH, MAIL FROM) are rejected because of our configuration, which an operator can fix.
    this.permanent = error.code === NO_UTF8 || (permanentCode && ['RCPT TO', 'DATA'].includes(error.command ?? ''))
  }
}

/** The code of our own error for a relay without the extension of RFC 6531. */
const NO_UTF8 = 'ENOSMTPUTF8'
const CONNECT_MS = 5000
const IDLE_MS = 10_000

/** Creates the client of the relay at `url`. `name` is what it sends in EHLO (RFC 5321 §4.1.1.1). */
export function createRelay(url: string, name: string): Relay {
  const { auth, ...options } = connectionOptions(url)
  return {
    async send(mail, signal) {
      const message = await compose(mail)
      const connection = new SMTPConnection({ ...options, name })
      const failed = Promise.withResolvers<never>()
      const abort = () => failed.reject(Object.assign(new Error('aborted'), { code: 'ETIMEDOUT' }))
      connection.on('error', failed.reject)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
      try {
        await Promise.race([transmit(connection, { mail, message, auth }), failed.promise])
        connection.quit()
      } catch (error) {
        connection.close()
        throw new MailRefused(error as SMTPConnection.SMTPError)
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
  }
}

async function transmit(
  connection: SMTPConnection,
  given: { mail: OutgoingMail; message: Buffer; auth: SMTPConnection.Credentials | undefined },
): Promise<void> {
  const { mail, message, auth } = given
  await completed((done) => connection.connect(done))
  if (auth) await completed((done) => connection.login(auth, done))
  if (!/^\p{ASCII}*$/u.test(mail.to) && !canUtf8(connection)) throw Object.assign(new Error(NO_UTF8), { code: NO_UTF8 })
  const envelope = { from: mailboxOf(mail.from).address, to: mail.to }
  await completed((done) => connection.send(envelope, message, done))
}

/** Whether the relay offers SMTPUTF8 (RFC 6531 §3.1). Without it the library sends such an address as it is. */
function canUtf8(connection: SMTPConnection): boolean {
  const { _supportedExtensions: offered } = connection as unknown as { _supportedExtensions?: readonly string[] }
  return offered?.includes('SMTPUTF8') === true
}

function completed(ask: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => ask((error) => (error ? reject(error) : resolve())))
}

/**
 * `smtps:` uses TLS from the start; `smtp:` must upgrade by STARTTLS, because mails contain codes. A loopback
 * connection needs no protection, and with `?tls=off` the operator takes responsibility for the network.
 */
function connectionOptions(url: string): SMTPConnection.Options & { auth?: SMTPConnection.Credentials } {
  const { protocol, hostname, port, username, password, searchParams } = new URL(url)
  const secure = protocol === 'smtps:'
  const plain = !secure && (isLoopback(hostname) || searchParams.get('tls') === 'off')
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    host,
    ...(port === '' ? {} : { port: Number(port) }),
    secure,
    ...(plain ? { ignoreTLS: true } : { requireTLS: !secure }),
    tls: { minVersion: 'TLSv1.2' },
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: IDLE_MS,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  }
}

function mailboxOf(from: string): { name: string; address: string } {
  const [, name = '', address = from] = /^(.*)<([^<>]+)>$/.exec(from) ?? []
  return { name: name.trim().replaceAll(/^"|"$/g, ''), address }
}

function compose({ to, from, subject, text, html, messageId, at, language }: OutgoingMail): Promise<Buffer> {
  const composer = new MailComposer({
    from: mailboxOf(from),
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: `<${messageId}>`,
    date: at,
    // RFC 3834 §5: asks for no automatic replies, such as out-of-office messages.
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}

/** Describes the error by reply code and error code only: the text of a relay's answer repeats addresses. */
function reasonOf({ code, command, response, responseCode }: SMTPConnection.SMTPError): string {
  if (code === NO_UTF8) return 'the relay sends no mail to addresses with letters outside ASCII (SMTPUTF8)'
  if (responseCode === undefined) return `the relay could not be reached (${code ?? 'unknown'})`
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1]
  const reply = enhanced === undefined ? `${responseCode}` : `${responseCode} ${enhanced}`
  return `the relay answered ${reply}${command === undefined ? '' : ` to ${command}`}`
}
