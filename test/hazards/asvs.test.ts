/** Items of OWASP ASVS 5.0 on passwords and sessions that no other test holds, on a live server. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from '#database/pool.ts'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { atEnd } from '../support/endings.ts'
import { answerOf, person, type Person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example/cb'
const LONG = 'Räksmörgås 99 åäö & 1a2b3c4d5e6f7g8h9i0j kLmNoPqRsTuVwXyZ — and then some more to be very long indeed'
let server: Server
let admin: Administrator
let app: App
let db: ReturnType<typeof createDatabase>
let made = 0

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  app = createApp(server, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
  db = createDatabase({ url: server.databaseUrl, poolSize: 1 })
  atEnd(() => db.close())
})

async function somebody(password = PASSWORD) {
  const email = `person-${(made += 1)}@example.com`
  return { email, password, sub: await admin.account(email, password) }
}

async function signedIn(who: { email: string; password: string }): Promise<Person> {
  const browser = person(() => server)
  await app.code(browser, who, { scope: 'openid' })
  return browser
}

/** What an app gets that asks without a question. */
async function asks(browser: Person): Promise<string | undefined> {
  const { left } = await browser.visit(app.begin({ prompt: 'none', scope: 'openid' }).url)
  const { code, error } = answerOf(left as URL)
  return code === undefined ? String(error) : 'signed in'
}

const sessionCookie = (browser: Person) => String(browser.cookies.get('signet_session'))
const signInPage = async (browser = person(() => server)) => browser.visit(app.begin({ scope: 'openid' }).url)

describe('passwords', () => {
  test('ASVS 6.2.6, 6.2.7: the field hides what is typed, and managers and paste are let be', async () => {
    const { html } = await signInPage()
    const field = /<input[^>]*name="password"[^>]*>/s.exec(html)?.[0] ?? ''
    expect(field).toMatch(/type="password"/)
    expect(field).toMatch(/autocomplete="current-password"/)
    expect(field).not.toMatch(/maxlength|pattern|readonly|disabled/)
    expect(html).not.toMatch(/\son(paste|copy|drop|keydown|contextmenu)=/i)
  })

  test('ASVS 6.2.8: a password is taken whole and as it was typed', async () => {
    const { email } = await somebody(LONG)
    const tries = async (password: string) => {
      const browser = person(() => server)
      return (await browser.submit(await signInPage(browser), { identifier: email, password })).status
    }
    expect(await tries(LONG.slice(0, 72))).toBe(422)
    expect(await tries(LONG.toUpperCase())).toBe(422)
    expect(await tries(` ${LONG}`)).toBe(422)
    await signedIn({ email, password: LONG })
  })

  test('ASVS 6.2.10: a password of many years ago is still good', async () => {
    const who = await somebody()
    await db.query(`UPDATE password_credentials SET updated_at = now() - interval '20 years' WHERE account_sub = $1`, [
      who.sub,
    ])
    await signedIn(who)
  })

  test('ASVS 6.3.2: a new server has no account, and one client whose key was made with it', async () => {
    const fresh = await startServer()
    const its = await administrator(fresh)
    expect(await its.call('GET', '/accounts')).toMatchObject({ items: [] })
    const { items } = await its.call<{ items: Record<string, unknown>[] }>('GET', '/clients')
    expect(items.map((client) => [client['client_id'], client['token_endpoint_auth_method']])).toEqual([
      ['signet-cli', 'private_key_jwt'],
    ])
  })

  test('ASVS 6.4.2: nobody is asked a secret question, and no page hints at a password', async () => {
    const browser = person(() => server)
    const page = await browser.submit(await signInPage(browser), {
      identifier: 'ada@example.com',
      password: 'wrong one',
    })
    const names = [...page.html.matchAll(/<input[^>]*\bname="([^"]*)"/g)].map(([, name]) => name)
    expect(new Set(names)).toEqual(new Set(['csrf', 'identifier', 'password', 'credential']))
    expect(textOf(page.html)).not.toMatch(/hint|question|maiden/i)
  })
})

describe('sessions', () => {
  test('ASVS 7.2.1: a session token that was changed or made up is none', async () => {
    const browser = await signedIn(await somebody())
    const right = sessionCookie(browser)
    expect(await asks(browser)).toBe('signed in')
    for (const wrong of [`${right.slice(0, -1)}${right.endsWith('A') ? 'B' : 'A'}`, 'A'.repeat(43), '']) {
      const thief = browser.fork({ signet_session: wrong })
      expect(await asks(thief)).toBe('login_required')
    }
  })

  test('ASVS 7.2.2, 7.2.3: each session has a token of its own with more than 128 bits of chance', async () => {
    const who = await somebody()
    const tokens: string[] = []
    for (let at = 0; at < 20; at++) tokens.push(sessionCookie(await signedIn(who)))
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(tokens.every((token) => /^[\w-]{22,}$/.test(token))).toBe(true)
    // no character stands still at any place
    for (let place = 0; place < 22; place++)
      expect(new Set(tokens.map((token) => token[place])).size).toBeGreaterThan(3)
  })

  test('ASVS 7.2.4: signing in and signing in anew change the token, and the one before a sign-in is worth nothing', async () => {
    const who = await somebody()
    const browser = person(() => server)
    const page = await signInPage(browser)
    const before = browser.fork()
    await browser.submit(page, { identifier: who.email, password: who.password })
    expect(await asks(before)).toBe('login_required')
    const first = sessionCookie(browser)
    const again = await browser.visit(app.begin({ prompt: 'login', scope: 'openid' }).url)
    await browser.submit(again, { identifier: who.email, password: who.password })
    expect(sessionCookie(browser)).not.toBe(first)
  })

  test('ASVS 7.3.1: a session that was idle for too long is over', async () => {
    const who = await somebody()
    const browser = await signedIn(who)
    await db.query('UPDATE sessions SET expires_at = now() WHERE account_id = $1', [who.sub])
    expect(await asks(browser)).toBe('login_required')
  })

  test('ASVS 7.3.2: a session that is used all the time ends at an age', async () => {
    const who = await somebody()
    const browser = await signedIn(who)
    await db.query(
      `UPDATE sessions SET payload = jsonb_set(payload, '{loginTs}', to_jsonb(extract(epoch FROM now())::int - $2::int))
       WHERE account_id = $1`,
      [who.sub, 14 * 86_400 - 60],
    )
    expect(await asks(browser)).toBe('signed in')
    // a good minute later, although it was used just before
    await db.query(`UPDATE sessions SET expires_at = expires_at - interval '62 s' WHERE account_id = $1`, [who.sub])
    expect(await asks(browser)).toBe('login_required')
  })

  test('ASVS 7.4.1: after signing out the token of before is worth nothing', async () => {
    const browser = await signedIn(await somebody())
    const before = browser.fork()
    const page = await browser.visit(`${server.issuer}/logout`)
    await browser.submit(page, {}, { name: 'logout', value: 'yes' })
    expect(await asks(before)).toBe('login_required')
  })

  test('ASVS 7.4.2, 7.4.5: an account that is disabled or deleted has no session, nor one that an administrator ended', async () => {
    const [disabled, deleted, ended] = [await somebody(), await somebody(), await somebody()]
    const browsers = await Promise.all([disabled, deleted, ended].map(signedIn))
    await admin.call('POST', `/accounts/${disabled.sub}/disable`)
    await admin.call('DELETE', `/accounts/${deleted.sub}`)
    const { items } = await admin.call<{ items: { id: string }[] }>('GET', `/accounts/${ended.sub}/sessions`)
    for (const { id } of items) await admin.call('DELETE', `/accounts/${ended.sub}/sessions/${id}`)
    expect(await Promise.all(browsers.map(asks))).toEqual(['login_required', 'login_required', 'login_required'])
  })

  test('ASVS 7.6.2: no session begins without the person', async () => {
    const browser = person(() => server)
    expect(await asks(browser)).toBe('login_required')
    await signInPage(browser)
    const { rows } = await db.query('SELECT 1 FROM sessions WHERE account_id IS NULL AND signed_in_at IS NOT NULL')
    expect(rows).toEqual([])
    expect(await asks(browser)).toBe('login_required')
  })
})
