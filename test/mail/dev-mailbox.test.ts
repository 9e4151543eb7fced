/** `/dev/mail` of a live server in development, and what a server does with mail as it starts and ends. */
import { request } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { masterKeys } from '#config/parsers.ts'
import { type Server, type ServerProcess, startProcess, startServer } from '../support/server.ts'
import { type SmtpServer, startSmtp } from '../support/smtp.ts'
import { openMailWorld } from './world.ts'

/** The machine may be busy. */
const PATIENT = { timeout: 40_000 }

// Whole processes start here, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const RELAY = { SIGNET_MAIL_FROM: 'Example <id@example.com>' }

/** The mail room on the database and with the keys of a server: what it writes, the server sends. */
function writerFor(server: Server) {
  const [masterKey] = masterKeys(readFileSync(join(server.keysDir, 'master.key'), 'utf8'))
  if (!masterKey) throw new Error('the server has no master key')
  return openMailWorld({ url: server.databaseUrl, masterKey, production: false })
}

async function verification({ mail, db }: Awaited<ReturnType<typeof writerFor>>, code: string) {
  const data = { code, path: '/verify?token=abc', minutes: 10 } as const
  await mail.enqueue(db, { to: 'ada@example.com', language: 'en', template: 'verify_email', data })
}

async function get(url: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; headers: object; body: string }>()
  request(url, { headers }, (response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (text: string) => (body += text))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
  })
    .on('error', reject)
    .end()
  return promise
}

describe('in development', () => {
  let server: Server
  let mailbox: string

  beforeAll(async () => {
    server = await startServer()
    mailbox = `${server.managementUrl}/dev/mail`
  })

  test('mails are listed and each is shown as text and, in a sandbox, as HTML', async () => {
    expect((await get(mailbox)).body).toContain('No mail yet.')
    const writer = await writerFor(server)
    await verification(writer, '40718293')
    const listed = async () => {
      const { body } = await get(mailbox, { accept: 'application/json' })
      return (JSON.parse(body) as { items: { id: string; subject: string; text: string }[] }).items
    }
    await expect.poll(listed, PATIENT).toHaveLength(1)
    const [mail = expect.fail('no mail')] = await listed()
    expect(mail.text).toContain('4071 8293')
    const list = await get(mailbox)
    const href = `/dev/mail?mail=${encodeURIComponent(mail.id)}`
    expect(list.body).toContain(`<a href="${href}">Confirm your e-mail address for Signet</a>`)
    expect(list.headers).toMatchObject({ 'cache-control': 'no-store' })

    const shown = await get(server.managementUrl + href)
    expect(shown.body).toContain('4071 8293')
    expect(shown.body).toContain(`<a href="${server.issuer}/verify?token=abc" target="_blank"`)
    expect(shown.body).toMatch(/<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"[^>]+part=html"/)
    expect(shown.headers).toMatchObject({ 'content-security-policy': expect.stringMatching(/^default-src 'none'; /) })

    const part = await get(`${server.managementUrl}${href}&part=html`)
    expect(part.body).toContain('Confirm e-mail address</a>')
    expect(part.headers).toMatchObject({
      'content-security-policy': expect.stringMatching(
        /^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; /,
      ),
    })
    expect((await get(`${mailbox}?mail=other`)).status).toBe(404)
  })

  test('a page of the web that made its name lead here reads nothing', async () => {
    const { status, body } = await get(mailbox, { host: 'evil.example:3001', accept: 'application/json' })
    expect(status).toBe(421)
    expect(body).not.toContain('items')
  })

  test('the management port answers a POST to it with 405', async () => {
    const response = await fetch(mailbox, { method: 'POST' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET')
  })

  test('its path is unknown at the public port', async () => {
    expect((await server.fetch('/dev/mail')).status).toBe(404)
  })
})

describe('with a relay', () => {
  let smtp: SmtpServer
  let server: ServerProcess

  beforeAll(async () => {
    smtp = await startSmtp()
    server = await startProcess({ env: { ...RELAY, SMTP_URL: smtp.url } })
  })

  test('the server sends, counts it among its metrics, and shows no mailbox', async () => {
    await verification(await writerFor(server), '40718293')
    await expect.poll(() => smtp.taken, PATIENT).toHaveLength(1)
    expect(smtp.taken[0]?.parsed.text).toContain('4071 8293')
    const metrics = async () => (await fetch(`${server.managementUrl}/metrics`)).text()
    await expect.poll(metrics, PATIENT).toContain('signet_mails_total{outcome="sent"} 1')
    expect((await get(`${server.managementUrl}/dev/mail`)).status).toBe(404)
    expect(server.logs()).not.toMatch(/40718293|4071 8293|ada@example\.com|token=abc/)
  })

  test('a stop waits for the mail that is under way, and what waits is sent after the next start', async () => {
    const writer = await writerFor(server)
    const before = smtp.taken.length
    const held = Promise.withResolvers<void>()
    let letGo = () => {}
    const slow = await startSmtp({
      onMailFrom(_, __, done) {
        held.resolve()
        letGo = done
      },
    })
    const other = await startProcess({ env: { ...RELAY, SMTP_URL: slow.url } })
    await verification(await writerFor(other), '11112222')
    await held.promise
    const stopped = other.stop()
    await expect
      .poll(() => fetch(`${other.managementUrl}/health/ready`).then(({ status }) => status), PATIENT)
      .toBe(503)
    letGo()
    expect(await stopped).toBe(0)
    expect(slow.taken).toHaveLength(1)

    await server.stop()
    await verification(writer, '33334444')
    expect(smtp.taken).toHaveLength(before)
    await server.restart()
    await expect.poll(() => smtp.taken, PATIENT).toHaveLength(before + 1)
  })
})

test('a production server without a relay says once that mail is off, and shows no mailbox', async () => {
  const server = await startServer({
    env: { NODE_ENV: 'production', SIGNET_ALLOW_INSECURE_ISSUER: 'true', SIGNET_ALLOW_GENERATED_KEYS: 'true' },
  })
  const told = server.logLines().filter(({ msg }) => String(msg).startsWith('SMTP_URL is not set: no mail leaves'))
  expect(told).toHaveLength(1)
  expect((await get(`${server.managementUrl}/dev/mail`)).status).toBe(404)
})
