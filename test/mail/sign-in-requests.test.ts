/** The mail about a sign-in request (CIBA), from a live server to a real relay: to whom it goes, and how many. */
import { beforeAll, describe, expect, test } from 'vitest'
import { REQUEST_MAIL_TASK } from '#account-portal/request-mail.ts'
import { rowId } from '#oidc/adapter/sealing.ts'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type CibaClient, createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'
import { type SmtpServer, startSmtp, type TakenMail } from '../support/smtp.ts'

/** The machine may be busy. */
const PATIENT = { timeout: 40_000 }
const MAILS_PER_HOUR = 6
const MESSAGE = 'Till 7 <b>'

let smtp: SmtpServer
let server: Server
let admin: Administrator
let till: CibaClient
let people = 0

beforeAll(async () => {
  smtp = await startSmtp()
  server = await startServer({ env: { SIGNET_MAIL_FROM: 'Example <id@example.com>', SMTP_URL: smtp.url } })
  admin = await administrator(server)
  await admin.call('PATCH', '/settings', { limits: { backchannel_requests_waiting: 50 } })
  till = createCibaClient(server, await admin.client('web', { ...POLLING_CLIENT, client_name: 'Corner shop till' }))
})

async function somebody(also: Record<string, unknown> = {}) {
  const email = `person-${(people += 1)}@example.com`
  return { email, sub: await admin.account(email, PASSWORD, also) }
}

const ask = (email: string, also: Record<string, string> = {}) => till.begin({ login_hint: email, ...also })
const mailsTo = (email: string): TakenMail[] => smtp.taken.filter(({ to }) => to.includes(email))
const pathOf = (request: { auth_req_id: string }) =>
  `${server.issuer}/account/requests/${rowId(request.auth_req_id).toString('base64url')}`

async function queueErrand(errand: Record<string, unknown>): Promise<void> {
  const values = [REQUEST_MAIL_TASK, JSON.stringify(errand)]
  await asSuperuser((db) => db.query('SELECT outbox_add($1, $2::json, 5, NULL, 0)', values), server.databaseUrl)
}

/** Everything that was queued is done. */
async function untilAllIsDone({ databaseUrl }: Pick<Server, 'databaseUrl'> = server): Promise<void> {
  const waiting = async () => {
    const { rows } = await asSuperuser(
      (db) => db.query('SELECT count(*)::int AS jobs FROM graphile_worker._private_jobs'),
      databaseUrl,
    )
    return rows[0] as unknown
  }
  await expect.poll(waiting, PATIENT).toEqual({ jobs: 0 })
}

describe('a person who is asked', () => {
  test('gets a mail with app, message and the link of the request, as text and as HTML', async () => {
    const { email } = await somebody()
    const request = await ask(email, { binding_message: MESSAGE })
    await expect.poll(() => mailsTo(email), PATIENT).toHaveLength(1)
    const { parsed } = mailsTo(email)[0] ?? expect.fail('no mail')
    expect(parsed.subject).toBe('Sign-in request at Signet')
    expect(parsed.headers.get('auto-submitted')).toBe('auto-generated')
    expect(parsed.text).toContain('App: Corner shop till\nMessage: Till 7 <b>\nWhen: ')
    expect(parsed.html).toContain('Till 7 &lt;b&gt;')
    for (const part of [parsed.text, parsed.html]) {
      expect(part).toContain(pathOf(request))
      expect(part).toContain('Corner shop till')
      expect(part).toContain('Approve this only if you started it yourself, and the app shows you the same message.')
      expect(part).toContain('Opening the page approves nothing. The request expires in 10 minutes.')
      // what the app polls with is not in the mail
      expect(part).not.toContain(request.auth_req_id)
    }
  })

  test('reads it in the language of the account', async () => {
    const { email } = await somebody({ locale: 'ko-KR' })
    await ask(email)
    await expect.poll(() => mailsTo(email), PATIENT).toHaveLength(1)
    const { parsed } = mailsTo(email)[0] ?? expect.fail('no mail')
    expect(parsed.subject).toBe('Signet 로그인 요청')
    expect(parsed.text).toContain('앱: Corner shop till\n시각: ')
    expect(parsed.text).toContain('직접 시작한 로그인일 때만 승인해 주세요.')
    expect(parsed.html).toContain('요청 확인하기')
  })

  test('gets six within an hour, however many requests come at once; mails with codes come all the same', async () => {
    const { email, sub } = await somebody()
    const asked = await Promise.all(Array.from({ length: 15 }, () => ask(email)))
    await untilAllIsDone()
    expect(mailsTo(email)).toHaveLength(MAILS_PER_HOUR)
    expect(
      server
        .logLines()
        .filter((line) => line['account'] === sub)
        .map(({ msg }) => msg),
    ).toEqual(
      Array.from({ length: asked.length - MAILS_PER_HOUR }, () => expect.stringContaining('many within the hour')),
    )
    await admin.call('POST', `/accounts/${sub}/reset-password`)
    await expect.poll(() => mailsTo(email).length, PATIENT).toBe(MAILS_PER_HOUR + 1)
    // each of them can be answered, mailed or not
    const browser = person(() => server)
    const page = await browser.submit(await browser.visit('/account/requests'), {
      identifier: email,
      password: PASSWORD,
    })
    for (const request of asked) expect(page.html).toContain(`href="${new URL(pathOf(request)).pathname}"`)
  })

  test('gets none once the request is answered, or the account is disabled', async () => {
    const [answered, disabled] = [await somebody(), await somebody()]
    const asked = [
      { who: answered, path: pathOf(await ask(answered.email)) },
      { who: disabled, path: pathOf(await ask(disabled.email)) },
    ]
    await untilAllIsDone()
    const browser = person(() => server)
    const signIn = await browser.visit(asked[0]?.path ?? '')
    const page = await browser.submit(signIn, { identifier: answered.email, password: PASSWORD })
    await browser.submit(page, {}, { name: 'decision', value: 'deny' })
    await admin.call('POST', `/accounts/${disabled.sub}/disable`)
    await untilAllIsDone()
    const before = smtp.taken.length
    // as if the outbox came to them only now
    for (const { who, path } of asked) await queueErrand({ accountId: who.sub, id: path.split('/').at(-1) })
    await untilAllIsDone()
    expect(smtp.taken).toHaveLength(before)
  })
})

describe('a request with a hint that fits nobody', () => {
  test('sends no mail to the address in the hint, and is answered as any other', async () => {
    const { email } = await somebody()
    const [known, unknown] = [await ask(email), await ask('nobody@example.com')]
    await untilAllIsDone()
    expect(mailsTo(email)).toHaveLength(1)
    expect(smtp.taken.flatMap(({ to }) => to)).not.toContain('nobody@example.com')
    expect(Object.keys(unknown)).toEqual(Object.keys(known))
  })
})

test('a production server without a relay sends nothing, and shows the request all the same', async () => {
  const registering = await startServer()
  const its = await administrator(registering)
  await its.account('ada@example.com', PASSWORD)
  const client = await its.client('web', { ...POLLING_CLIENT, client_name: 'Corner shop till' })
  await registering.stop()
  const env = { NODE_ENV: 'production', SIGNET_ALLOW_INSECURE_ISSUER: 'true', SIGNET_ALLOW_GENERATED_KEYS: 'true' }
  const { databaseUrl, keysDir, issuer } = registering
  const silent = await startServer({ databaseUrl, keysDir, env: { ...env, SIGNET_ISSUER: issuer } })
  await createCibaClient(silent, client).begin({ login_hint: 'ada@example.com' })
  await untilAllIsDone(silent)
  const browser = person(() => silent)
  const page = await browser.submit(await browser.visit('/account/requests'), {
    identifier: 'ada@example.com',
    password: PASSWORD,
  })
  expect(page.html).toContain('Corner shop till')
})
