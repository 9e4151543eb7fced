/** `/dev/mail` on the management port: in development, shows the mails that would have been sent. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { html, raw, type Html } from '#pages/design/html.ts'
import type { Queryable } from '#database/database.ts'
import { colourProperties } from '#pages/design/tokens.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createKeptMails, type KeptMail } from './kept-mail-store.ts'

export interface DevMailboxDeps {
  /** Undefined while the server starts. */
  readonly db: () => Queryable | undefined
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  /** The host that the management listener binds to. */
  readonly host: string
}

export type DevMailbox = (req: IncomingMessage, res: ServerResponse) => Promise<void>

export const DEV_MAIL_PATH = '/dev/mail'

/** A mail is shown in an iframe without scripts, forms or an origin; its links open in a new window. */
const SANDBOX = 'allow-popups allow-popups-to-escape-sandbox'
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
const PART_POLICY = `sandbox ${SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'`

const STYLE = `${colourProperties()}
body{margin:0 auto;max-width:60rem;padding:32px 16px;background:var(--paper);color:var(--ink);font:400 15px/1.5 ui-sans-serif,system-ui,sans-serif}
h1{font-weight:650;font-size:22px;line-height:1.25}
table{border-collapse:collapse;width:100%}td,th{padding:8px 16px 8px 0;text-align:start;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{font-weight:400;color:var(--soft);white-space:nowrap}a{color:var(--accent)}
pre{padding:16px;background:var(--sheet);border:1px solid var(--line);border-radius:14px;white-space:pre-wrap;overflow-wrap:anywhere;font:400 13px/1.5 ui-monospace,monospace}
iframe{width:100%;height:40rem;border:1px solid var(--line);border-radius:14px}`

/**
 * Answers `/dev/mail` with the list, `?mail=ID` with one mail, and `?mail=ID&part=html` with its HTML part alone. With
 * `Accept: application/json` the list is `{"items": […]}`, for programs that read a code.
 */
export function createDevMailbox({ db, keyring, host }: DevMailboxDeps): DevMailbox {
  return async (req, res) => {
    // Mails contain codes: a web page must not read them by DNS rebinding.
    if (!isAllowedHost(req.headers.host, host)) return send(res, 421, message('This server has another name.'))
    if (req.method !== 'GET') return send(res, 405, message('Mails are read only.'))
    const queryable = db()
    if (!queryable) return send(res, 503, message('The server is starting.'))
    const mails = createKeptMails(queryable, keyring)
    const query = new URL(req.url ?? '/', 'http://localhost').searchParams
    const id = query.get('mail')
    if (id === null) {
      const items = await mails.list()
      const json = req.headers.accept?.includes('application/json') === true
      return json ? sendJson(res, { items }) : send(res, 200, listPage(items))
    }
    const mail = await mails.find(id)
    if (!mail) return send(res, 404, message('There is no such mail any more.'))
    if (query.get('part') === 'html') return answer(res, 200, { body: mail.html, policy: PART_POLICY })
    return send(res, 200, mailPage(mail))
  }
}

function isAllowedHost(given: string | undefined, host: string): boolean {
  const name = given?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? ''
  return name === 'localhost' || name === host || isIP(name) !== 0
}

function listPage(mails: readonly KeptMail[]): Html {
  const rows = mails.map(
    (mail) =>
      html`<tr>
        <td><a href="${DEV_MAIL_PATH}?mail=${encodeURIComponent(mail.id)}">${mail.subject}</a></td>
        <td>${mail.to}</td>
        <td><time datetime="${mail.at}">${mail.at}</time></td>
      </tr>`,
  )
  const table = html`<table>
    <thead>
      <tr>
        <th scope="col">Subject</th>
        <th scope="col">To</th>
        <th scope="col">Written</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
  const empty = html`<p>No mail yet. What this server would send stands here until SMTP_URL names a relay.</p>`
  return page('Mail', mails.length === 0 ? empty : table)
}

function mailPage(mail: KeptMail): Html {
  const facts = [
    ['From', mail.from],
    ['To', mail.to],
    ['Written', mail.at],
  ].map(
    ([label, value]) =>
      html`<tr>
        <th scope="row">${label}</th>
        <td>${value}</td>
      </tr>`,
  )
  const part = `${DEV_MAIL_PATH}?mail=${encodeURIComponent(mail.id)}&part=html`
  return page(
    mail.subject,
    html`<p><a href="${DEV_MAIL_PATH}">All mails</a></p>
      <table>
        ${facts}
      </table>
      <h2>Text</h2>
      <pre>${withLinks(mail.text)}</pre>
      <h2>HTML</h2>
      <iframe sandbox="${SANDBOX}" title="HTML part" src="${part}"></iframe>`,
  )
}

/** Turns the URLs in the text into links. */
function withLinks(text: string): (string | Html)[] {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((piece, index) =>
      index % 2 === 1 ? html`<a href="${piece}" target="_blank" rel="noreferrer">${piece}</a>` : piece,
    )
}

function message(text: string): Html {
  return page('Mail', html`<p>${text}</p>`)
}

function page(title: string, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`
}

async function send(res: ServerResponse, status: number, body: Html): Promise<void> {
  answer(res, status, { body: String(await body), policy: PAGE_POLICY })
}

function sendJson(res: ServerResponse, body: object): void {
  answer(res, 200, { body: JSON.stringify(body), policy: PAGE_POLICY, type: 'application/json' })
}

function answer(res: ServerResponse, status: number, given: { body: string; policy: string; type?: string }): void {
  res.writeHead(status, {
    'Content-Type': given.type ?? 'text/html; charset=utf-8',
    'Content-Security-Policy': given.policy,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...(status === 405 ? { Allow: 'GET' } : {}),
  })
  res.end(given.body)
}
