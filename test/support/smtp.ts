/** An SMTP server on loopback that accepts and stores mails, or refuses them as a test wants. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { atEnd } from './endings.ts'

export interface TakenMail {
  /** The address in the envelope. */
  readonly from: string
  readonly to: readonly string[]
  readonly parsed: ParsedMail
  readonly raw: string
}

export interface SmtpRefusal {
  readonly at: 'RCPT TO' | 'DATA'
  readonly code: number
  readonly text: string
}

export interface SmtpServer {
  /** The value of SMTP_URL. */
  readonly url: string
  readonly port: number
  readonly taken: TakenMail[]
  /** How many mails came so far, accepted or not. */
  attempts(): number
  /** Called for each mail; undefined accepts it. */
  refuse(decide: (attempt: number) => SmtpRefusal | undefined): void
  /** Stops listening. */
  close(): Promise<void>
}

/** `port`: that of an earlier, closed server. */
export async function startSmtp(options: SMTPServerOptions & { port?: number } = {}): Promise<SmtpServer> {
  const { port = 0, ...rest } = options
  const taken: TakenMail[] = []
  let attempts = 0
  let decide: (attempt: number) => SmtpRefusal | undefined = () => undefined
  const refusal = (at: SmtpRefusal['at']) => {
    const given = decide(attempts)
    return given?.at === at ? Object.assign(new Error(given.text), { responseCode: given.code }) : null
  }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    ...rest,
    onRcptTo(_, __, done) {
      attempts += 1
      done(refusal('RCPT TO'))
    },
    async onData(stream, { envelope }, done) {
      const chunks = await stream.toArray()
      const refused = refusal('DATA')
      if (refused) return done(refused)
      const raw = Buffer.concat(chunks as Buffer[])
      taken.push({
        from: envelope.mailFrom ? envelope.mailFrom.address : '',
        to: envelope.rcptTo.map(({ address }) => address),
        parsed: await simpleParser(raw),
        raw: raw.toString(),
      })
      done()
    },
  })
  server.on('error', () => undefined) // a client that goes in the middle
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  atEnd(close)
  const { port: used } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${used}`,
    port: used,
    taken,
    attempts: () => attempts,
    refuse: (given) => void (decide = given),
    close,
  }
}
