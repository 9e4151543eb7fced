/** The passkey step over HTTP, with an authenticator in software on the other end. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { authenticator, type SoftwarePasskey } from '../support/authenticator.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { answerOf, textOf } from '../support/person.ts'
import { EMAIL, fieldOf, startWorld, type World } from './world.ts'

const REFUSED = 'That passkey could not be used. Try again, or sign in another way.'

let world: World
let passkey: SoftwarePasskey
let sub: string

beforeAll(async () => {
  world = await startWorld()
  sub = await world.admin.account('grace@example.com', PASSWORD)
  passkey = await enrolPasskey(world.server, sub)
})

describe('the sign-in page', () => {
  test('asks for a passkey of whoever it is, the same for a known and an unknown address', async () => {
    const pages = await Promise.all(
      [EMAIL, 'grace@example.com', 'nobody@example.com'].map((login_hint) =>
        world.signInPage(world.somebody(), { login_hint, ui_locales: 'en' }),
      ),
    )
    for (const page of pages) {
      const { challenge, ...request } = passkeyRequestOf(page)
      expect(challenge.length).toBeGreaterThan(40)
      expect(request).toEqual({
        rpId: 'localhost',
        allowCredentials: [],
        userVerification: 'required',
        timeout: 300_000,
      })
      expect(page.html).toMatch(/name="identifier"[^>]*autocomplete="username webauthn"/)
      expect(textOf(page.html)).toContain('Sign in with a passkey')
    }
  })

  test('speaks Korean about passkeys too', async () => {
    const page = await world.signInPage(world.somebody(), { ui_locales: 'ko' })
    expect(textOf(page.html)).toContain('패스키로 로그인')
  })

  test('that was open for long gets a challenge anew, which no other browser can ask for', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser, { ui_locales: 'en' })
    const path = `${new URL(page.url).pathname}/passkey/options`
    const answer = await browser.visit(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const renewed = JSON.parse(answer.html) as ReturnType<typeof passkeyRequestOf>
    expect(renewed.challenge).not.toBe(passkeyRequestOf(page).challenge)
    expect((await world.somebody().visit(path)).status).toBe(403)
    const next = await submitPasskey(browser, page, passkey.assertion(renewed))
    expect(textOf(next.html)).toContain('Give shop access?')
  })

  test('shows the question when the address of its passkey form is loaded', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser)
    const again = await browser.visit(`${new URL(page.url).pathname}/passkey`)
    expect(again.url).toBe(page.url)
    expect(textOf(again.html)).toContain('Sign in')
  })
})

describe('/.well-known/passkey-endpoints', () => {
  const PATH = '/.well-known/passkey-endpoints'

  test('leads to the account page, from whichever site it is asked', async () => {
    const answer = await world.server.fetch(PATH)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    const page = `${world.server.issuer}/account`
    expect(await answer.json()).toEqual({ enroll: page, manage: page })
  })

  test('takes GET alone', async () => {
    const answer = await world.server.fetch(PATH, { method: 'POST' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET'])
  })
})

describe('a passkey', () => {
  test('signs the person in, and the ID token says by what', async () => {
    const browser = world.somebody()
    const { url, verifier } = world.app.begin({ scope: 'openid email', prompt: 'consent' })
    const page = await browser.visit(url)
    const consent = await submitPasskey(browser, page, passkey.assertion(passkeyRequestOf(page)))
    const { left } = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
    const { code } = answerOf(left as URL)
    const { body } = await world.app.redeem({ code: String(code), verifier })
    const claims = JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({
      sub,
      acr: 'urn:signet:acr:passkey',
      amr: expect.arrayContaining(['hwk', 'user', 'mfa']) as string[],
    })
    expect(await world.newestEvent('sign_in.succeeded')).toMatchObject({
      account_id: sub,
      client_id: world.client.id,
      detail: { method: 'passkey' },
    })
  })

  test('of a synced keychain meets what asks for a passkey', async () => {
    const synced = await enrolPasskey(world.server, sub, authenticator(world.server.issuer, { synced: true }))
    const browser = world.somebody()
    const page = await world.signInPage(browser, { acr_values: 'urn:signet:acr:passkey' })
    const next = await submitPasskey(browser, page, synced.assertion(passkeyRequestOf(page)))
    expect(next.left?.searchParams.get('code')).toBeTruthy()
  })

  test('that is refused shows the page again with a new challenge, and says no more than that', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser, { ui_locales: 'en' })
    const answer = await submitPasskey(browser, page, passkey.assertion(passkeyRequestOf(page), { verified: false }))
    expect(answer.status).toBe(422)
    expect(textOf(answer.html)).toContain(REFUSED)
    expect(passkeyRequestOf(answer).challenge).not.toBe(passkeyRequestOf(page).challenge)
    expect(await world.newestEvent('sign_in.failed')).toMatchObject({
      account_id: sub,
      client_id: world.client.id,
      reason: 'the person was not verified',
      detail: { method: 'passkey' },
    })
    const next = await submitPasskey(browser, answer, passkey.assertion(passkeyRequestOf(answer)))
    expect(next.left?.searchParams.get('code')).toBeTruthy()
  })

  test('that nobody has, and none at all, are refused in the same words', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser, { ui_locales: 'en' })
    const unknown = passkey.assertion(passkeyRequestOf(page), { id: 'AAAA' })
    for (const credential of [unknown, '', '{"id":7}']) {
      const answer = await submitPasskey(browser, page, credential)
      expect([answer.status, textOf(answer.html).includes(REFUSED)]).toEqual([422, true])
    }
    expect(await world.newestEvent('sign_in.failed')).toMatchObject({ reason: 'the response is malformed' })
  })

  test('is all that is asked, also once more, of a person who is known and has one', async () => {
    const browser = world.somebody()
    const params = { acr_values: 'urn:signet:acr:passkey', ui_locales: 'en' }
    const page = await world.signInPage(browser, params)
    const asked = await browser.submit(page, { identifier: 'grace@example.com', password: PASSWORD })
    expect(textOf(asked.html)).toContain('Confirm with your passkey')
    expect(asked.html).not.toContain('name="password"')
    expect(/<button[^>]*class="([^"]*)"/.exec(asked.html)?.[1]).toBe('button primary')
    const refused = passkey.assertion(passkeyRequestOf(asked), { verified: false })
    const again = await submitPasskey(browser, asked, refused)
    expect(again.status).toBe(422)
    expect(textOf(again.html)).toContain(`Confirm with your passkey`)
    expect(textOf(again.html)).toContain(REFUSED)
    expect(again.html).not.toContain('name="password"')
    const next = await submitPasskey(browser, again, passkey.assertion(passkeyRequestOf(again)))
    expect(next.left?.searchParams.get('code')).toBeTruthy()
  })

  test('that was stolen on its way signs nobody in: the answer is for this page of this browser', async () => {
    const [browser, thief] = [world.somebody(), world.somebody()]
    const [page, other] = [await world.signInPage(browser), await world.signInPage(thief, { ui_locales: 'en' })]
    const stolen = passkey.assertion(passkeyRequestOf(page))
    const answer = await submitPasskey(thief, other, stolen)
    expect([answer.status, textOf(answer.html).includes(REFUSED)]).toEqual([422, true])
    expect(await world.newestEvent('sign_in.failed')).toMatchObject({
      reason: 'the challenge was spent, is too old or is not for this page',
    })
  })

  test('in a form that no page of ours made is not looked at', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser, { ui_locales: 'en' })
    const credential = passkey.assertion(passkeyRequestOf(page))
    const csrf = fieldOf(await world.signInPage(world.somebody()), 'csrf')
    const body = new URLSearchParams({ credential, csrf })
    const answer = await world.post(browser, page, { step: 'passkey', body })
    expect(answer.status).toBe(403)
    expect(textOf(await answer.text())).toContain('This page was open for too long')
    expect(await world.newestEvent('authorization.refused')).toMatchObject({
      client_id: world.client.id,
      reason: 'the form was not made by a page of this interaction in this browser',
    })
    // its challenge is not spent either
    const next = await submitPasskey(browser, page, credential)
    expect(next.left?.searchParams.get('code')).toBeTruthy()
  })

  test('of a person who was disabled meanwhile is refused', async () => {
    const gone = await world.admin.account('gone@example.com', PASSWORD)
    const its = await enrolPasskey(world.server, gone)
    const browser = world.somebody()
    const page = await world.signInPage(browser, { ui_locales: 'en' })
    await world.admin.call('POST', `/accounts/${gone}/disable`)
    const answer = await submitPasskey(browser, page, its.assertion(passkeyRequestOf(page)))
    expect([answer.status, textOf(answer.html).includes(REFUSED)]).toEqual([422, true])
    expect(await world.newestEvent('sign_in.failed')).toMatchObject({ reason: 'the account is disabled' })
  })
})
