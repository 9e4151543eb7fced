/** A second proof after the first, and step-up: a person is asked for just what is missing (RFC 9470). */
import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { type AuthenticatorApp, authenticatorApp } from '../support/authenticator-app.ts'
import { answerOf, type Person, person, press, textOf, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServer } from '../support/server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/authorize'
const MFA = 'urn:signet:acr:mfa'
const PASSKEY = 'urn:signet:acr:passkey'
let server: Server
let admin: Administrator
let app: App
let made = 0

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  const web = await admin.client('web', {
    client_name: 'Blog',
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  app = createApp(server, web, CALLBACK)
})

async function somebody(): Promise<{ email: string; sub: string; password: string }> {
  const email = `person-${(made += 1)}@example.com`
  return { email, password: PASSWORD, sub: await admin.account(email, PASSWORD) }
}

async function withApp(): Promise<{ email: string; sub: string; phone: AuthenticatorApp }> {
  const who = await somebody()
  return { ...who, phone: await authenticatorApp(server, who.sub) }
}

/** Types e-mail and password into the sign-in page of a new request. */
async function firstProof(browser: Person, email: string, params: Record<string, string> = {}) {
  const attempt = app.begin({ scope: 'openid posts:read', resource: API, ...params })
  const page = await browser.submit(await browser.visit(attempt.url), { identifier: email, password: PASSWORD })
  return { ...attempt, page }
}

/** Allows what is asked and redeems the code; the claims of both tokens. */
async function redeemed(browser: Person, page: Visit, verifier: string) {
  const after = /name="decision"/.test(page.html)
    ? await browser.submit(page, {}, { name: 'decision', value: 'allow' })
    : page
  if (!after.left) throw new Error(`the app was not reached: ${textOf(after.html)}`)
  const { body } = await app.redeem({ code: String(answerOf(after.left)['code']), verifier })
  return { id: decodeJwt(String(body.id_token)), access: decodeJwt(String(body.access_token)) }
}

const asksForCode = (page: Visit) => expect(page.html).toMatch(/name="code"[^>]*one-time-code/s)

describe('after the password', () => {
  test('ASVS 6.3.3: whoever has an authenticator app is asked for its code, and the tokens tell of both', async () => {
    const { email, sub, phone } = await withApp()
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, email)
    asksForCode(page)
    expect(textOf(page.html)).toContain(email)
    const { id, access } = await redeemed(browser, await browser.submit(page, { code: await phone.code() }), verifier)
    expect(id).toMatchObject({ sub, acr: MFA, amr: ['pwd', 'otp', 'mfa'] })
    expect(access).toMatchObject({ acr: MFA, amr: ['pwd', 'otp', 'mfa'], auth_time: id.auth_time })
    const events = (await admin.audit('sign_in.succeeded')).filter((event) => event['account_id'] === sub)
    expect(events.map(({ detail }) => detail)).toEqual([{ method: 'totp' }, { method: 'password' }])
  })

  test('a recovery code does too, once', async () => {
    const { email, phone } = await withApp()
    const [code = ''] = phone.paper
    for (const expected of ['in', 'refused']) {
      const browser = person(() => server)
      const { page, verifier } = await firstProof(browser, email)
      const onPaper = await browser.visit(`${page.url}?kind=paper`)
      expect(textOf(onPaper.html)).toContain('recovery code')
      const answer = await browser.submit(onPaper, { code })
      if (expected === 'in') expect((await redeemed(browser, answer, verifier)).id).toMatchObject({ acr: MFA })
      else {
        expect(answer.status).toBe(422)
        expect(textOf(answer.html)).toContain('That recovery code is not right')
      }
    }
  })

  test('codes are taken with separators, in small letters and in full width', async () => {
    const { email, phone } = await withApp()
    const typed = [
      async () => (await phone.code()).replace(/^.../, '$& - '),
      async () => (await phone.code()).replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
      () => ` ${phone.paper[0]?.toLowerCase().replaceAll('-', ' ')} `,
    ]
    for (const code of typed) {
      const browser = person(() => server)
      const { page, verifier } = await firstProof(browser, email)
      const { id } = await redeemed(browser, await browser.submit(page, { code: await code() }), verifier)
      expect(id).toMatchObject({ acr: MFA })
    }
  })

  test('a wrong code and none are refused in words, and the person is not signed in', async () => {
    const { email, sub } = await withApp()
    const browser = person(() => server)
    const { page } = await firstProof(browser, email)
    const wrong = await browser.submit(page, { code: '000000' })
    expect(wrong.status).toBe(422)
    expect(textOf(wrong.html)).toContain('That code is not right, or it was used before.')
    asksForCode(wrong)
    const none = await browser.submit(wrong, { code: ' ' })
    expect(none.status).toBe(422)
    expect(textOf(none.html)).toContain('Enter the six digits.')
    const [event] = await admin.audit('sign_in.failed')
    expect(event).toMatchObject({ account_id: sub, reason: 'wrong code', detail: { method: 'totp' } })
    const silent = await browser.visit(app.begin({ prompt: 'none', scope: 'openid' }).url)
    expect(answerOf(silent.left as URL)).toMatchObject({ error: 'login_required' })
  })

  test('V28: the code page alone signs nobody in, nor does a code without the password', async () => {
    const { email, phone } = await withApp()
    const victim = person(() => server)
    const { page } = await firstProof(victim, email)
    // a request of another browser, in which no password was given
    const other = person(() => server)
    const question = await other.visit(app.begin({ scope: 'openid' }).url)
    const direct = await other.submit(question, { code: await phone.code() })
    expect(direct.html).toContain('name="password"')
    // the address of the victim's interaction is of no use elsewhere
    const foreign = await other.visit(page.url)
    expect(textOf(foreign.html)).not.toContain(email)
  })

  test('an app that is locked after a hundred wrong codes says so, and a recovery code signs in', async () => {
    const { email, sub, phone } = await withApp()
    await asSuperuser(
      (db) => db.query(`INSERT INTO factor_failures VALUES ($1, 'totp', 100)`, [sub]),
      server.databaseUrl,
    )
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, email)
    const locked = await browser.submit(page, { code: await phone.code() })
    expect([locked.status, textOf(locked.html)]).toEqual([
      403,
      expect.stringContaining(
        'Your authenticator app is locked after 100 wrong codes in a row. Use another way below, or ask the people who run this service to unlock it.',
      ),
    ])
    const answer = await browser.submit(await browser.visit(`${page.url}?kind=paper`), {
      code: phone.paper[0] as string,
    })
    expect((await redeemed(browser, answer, verifier)).id).toMatchObject({ sub, acr: MFA })
  })

  test('somebody else can begin instead', async () => {
    const [{ email }, other] = [await withApp(), await somebody()]
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, email)
    const again = await press(browser, page, '/restart"')
    expect(again.html).toContain('name="password"')
    const answer = await browser.submit(again, { identifier: other.email, password: PASSWORD })
    expect((await redeemed(browser, answer, verifier)).id).toMatchObject({ sub: other.sub })
  })
})

describe('step-up', () => {
  test('whoever gave the password before is asked for the code alone', async () => {
    const who = await somebody()
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, who.email)
    const before = await redeemed(browser, page, verifier)
    expect(before.id).toMatchObject({ acr: 'urn:signet:acr:password', amr: ['pwd'] })
    const phone = await authenticatorApp(server, who.sub)

    const up = app.begin({ scope: 'openid posts:read', resource: API, acr_values: MFA })
    const question = await browser.visit(up.url)
    asksForCode(question)
    expect(question.html).not.toContain('name="password"')
    const after = await redeemed(browser, await browser.submit(question, { code: await phone.code() }), up.verifier)
    expect(after.id).toMatchObject({ acr: MFA, amr: ['pwd', 'otp', 'mfa'] })
    expect(Number(after.id.auth_time)).toBeGreaterThanOrEqual(Number(before.id.auth_time))

    const silent = await browser.visit(app.begin({ prompt: 'none', scope: 'openid', acr_values: MFA }).url)
    expect(answerOf(silent.left as URL)).toMatchObject({ code: expect.any(String) })
  })

  test('without a question it is refused as RFC 9470 has it', async () => {
    const who = await somebody()
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, who.email)
    await redeemed(browser, page, verifier)
    const silent = await browser.visit(app.begin({ prompt: 'none', scope: 'openid', acr_values: MFA }).url)
    expect(answerOf(silent.left as URL)).toMatchObject({
      error: 'unmet_authentication_requirements',
      error_description: 'the session does not meet acr_values',
    })
    expect((await admin.audit('authorization.refused'))[0]).toMatchObject({ outcome: 'failure' })
  })

  test('whoever has nothing stronger is told so, and the app is when they go back', async () => {
    const who = await somebody()
    const browser = person(() => server)
    const { page } = await firstProof(browser, who.email, { acr_values: PASSKEY })
    expect(textOf(page.html)).toContain('Blog asks for a passkey, and your account has none.')
    const back = await browser.submit(page, {})
    expect(answerOf(back.left as URL)).toMatchObject({
      error: 'unmet_authentication_requirements',
      error_description: 'the account has no way to sign in as acr_values asks',
    })
    expect((await admin.audit('authorization.refused'))[0]).toMatchObject({
      reason: expect.stringContaining('unmet_authentication_requirements'),
    })
  })

  test('a class that is not ours asks nothing, a weaker one is met by a stronger session', async () => {
    const { email, phone } = await withApp()
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, email, { acr_values: 'urn:example:gold' })
    await redeemed(browser, await browser.submit(page, { code: await phone.code() }), verifier)
    const silent = app.begin({ prompt: 'none', scope: 'openid', acr_values: 'urn:signet:acr:password' })
    expect(answerOf((await browser.visit(silent.url)).left as URL)).toMatchObject({ code: expect.any(String) })
  })

  test('whoever is asked to sign in anew gives every proof again', async () => {
    const { email, phone } = await withApp()
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, email)
    await redeemed(browser, await browser.submit(page, { code: await phone.code() }), verifier)
    const again = await browser.visit(app.begin({ scope: 'openid', prompt: 'login', acr_values: MFA }).url)
    expect(again.html).toContain('name="password"')
    asksForCode(await browser.submit(again, { identifier: email, password: PASSWORD }))
  })
})

describe('RFC 9700 §4.7: a form that no page of this browser made', () => {
  const refusal = async () => (await admin.audit('authorization.refused'))[0]
  const reason = 'the form was not made by a page of this interaction in this browser'
  const sent = (browser: Person, page: Visit, step: string, fields: Record<string, string>) =>
    press(browser, page, `/${step}"`, fields)

  test.each(['x', ''])('proves no second factor (csrf: “%s”), and the code stays good', async (csrf) => {
    const { email, sub, phone } = await withApp()
    const browser = person(() => server)
    const { page, verifier } = await firstProof(browser, email)
    const [code = ''] = phone.paper
    const forged = await browser.submit(page, { csrf, code })
    expect([forged.status, textOf(forged.html)]).toEqual([403, expect.stringContaining('open for too long')])
    asksForCode(forged)
    expect(await refusal()).toMatchObject({ outcome: 'failure', reason })
    const { id } = await redeemed(browser, await browser.submit(page, { code }), verifier)
    expect(id).toMatchObject({ sub, acr: MFA })
  })

  test('does not make somebody begin anew: the first proof stands', async () => {
    const { email } = await withApp()
    const browser = person(() => server)
    const { page } = await firstProof(browser, email)
    asksForCode(await sent(browser, page, 'restart', { csrf: 'x' }))
    expect(await refusal()).toMatchObject({ outcome: 'failure', reason })
    asksForCode(await browser.visit(page.url))
  })

  test('does not send the app an error that the person did not choose', async () => {
    const { email } = await somebody()
    const browser = person(() => server)
    const { page } = await firstProof(browser, email, { acr_values: PASSKEY })
    const forged = await sent(browser, page, 'unmet', { csrf: 'x' })
    expect(forged.left).toBeUndefined()
    expect(textOf(forged.html)).toContain('Blog asks for a passkey, and your account has none.')
    expect(await refusal()).toMatchObject({ outcome: 'failure', reason })
    const back = await sent(browser, page, 'unmet', {})
    expect(answerOf(back.left as URL)).toMatchObject({ error: 'unmet_authentication_requirements' })
  })
})

test('proofs of another person add nothing: whoever signs in after them is asked for each of their own', async () => {
  const [ada, eve] = [await withApp(), await withApp()]
  const browser = person(() => server)
  const { page } = await firstProof(browser, ada.email, { acr_values: PASSKEY })
  const unmet = await browser.submit(page, { code: await ada.phone.code() })
  expect(textOf(unmet.html)).toContain('your account has none')
  const login = { ...unmet, html: unmet.html.replace('/unmet"', '/login"') }
  const answer = await browser.submit(login, { identifier: eve.email, password: PASSWORD })
  asksForCode(answer)
  expect(textOf(answer.html)).toContain(eve.email)
})
