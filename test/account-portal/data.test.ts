/** What a person keeps about themselves, sees of what happened, takes along, and deletes. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../support/app.ts'
import { addPasskey, atOwnPage } from '../support/own-page.ts'
import { textOf } from '../support/person.ts'
import { API, startWorld, type World } from './world.ts'
import { DELIVERED_MS } from '../support/eventually.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

describe('the profile', () => {
  test('holds the standard claims, and what is emptied goes', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const given = {
      name: 'Ada King',
      given_name: 'Ada',
      birthdate: '1815-12-10',
      website: 'https://ada.example/',
      zoneinfo: 'Europe/London',
    }
    const saved = await world.press(browser, await world.open(browser, '/profile'), 'given_name', given)
    expect(textOf(saved.html)).toContain('Your profile is saved.')
    expect(await world.admin.call('GET', `/accounts/${who.sub}`)).toMatchObject(given)
    await world.press(browser, await world.open(browser, '/profile'), 'given_name', { website: '', name: '' })
    const after = await world.admin.call('GET', `/accounts/${who.sub}`)
    expect(after).toMatchObject({ given_name: 'Ada', name: null })
    expect(after).not.toHaveProperty('website')
    expect(await world.event(who, 'account.updated')).toMatchObject({ actor: { kind: 'account', id: who.sub } })
  })

  test('tells of each field that cannot be so, keeps what was typed, and changes nothing', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const wrong = { birthdate: '10.12.1815', website: 'javascript:alert(1)', zoneinfo: 'Mars/Phobos', nickname: 'A' }
    const page = await world.press(browser, await world.open(browser, '/profile'), 'given_name', wrong)
    expect(page.status).toBe(422)
    for (const field of ['birthdate', 'website', 'zoneinfo']) {
      expect(page.html).toContain(`href="#${field}"`)
      expect(page.html).toContain(`id="${field}-error"`)
    }
    expect(page.html).toContain('value="10.12.1815"')
    expect(page.html).not.toContain('id="nickname-error"')
    expect(await world.admin.call('GET', `/accounts/${who.sub}`)).not.toHaveProperty('nickname')
  })

  test('changes neither the e-mail address nor what only an administrator may set', async () => {
    const who = await world.somebody({ phone_number: '+14155550100', phone_number_verified: true })
    const browser = await world.signedIn(who)
    const also = { email: 'other@example.com', email_verified: 'true', preferred_username: 'root', nickname: 'A' }
    await world.press(browser, await world.open(browser, '/profile'), 'given_name', also)
    const after = await world.admin.call('GET', `/accounts/${who.sub}`)
    expect(after).toMatchObject({ email: who.email, email_verified: false, phone_number_verified: true, nickname: 'A' })
    expect(after).not.toHaveProperty('preferred_username')
    await world.press(browser, await world.open(browser, '/profile'), 'given_name', { phone_number: '+14155550199' })
    expect(await world.admin.call('GET', `/accounts/${who.sub}`)).not.toHaveProperty('phone_number_verified')
  })

  test('decides the language of the pages that follow', async () => {
    const browser = await world.signedIn(await world.somebody())
    const page = await world.press(browser, await world.open(browser, '/profile'), 'given_name', { locale: 'ko' })
    expect(textOf(page.html)).toContain('프로필을 저장했어요.')
  })
})

describe('recent activity', () => {
  test('tells what happened, when and from where, newest first, and nothing of others', async () => {
    const [who, other] = [await world.somebody(), await world.somebody()]
    const refused = world.browser()
    await refused.submit(await world.open(refused), { identifier: who.email, password: 'wrong' })
    const browser = await world.signedIn(who)
    await world.app.code(browser, who, { scope: 'openid posts:read', resource: API })
    await world.signedIn(other)
    const words = textOf((await world.open(browser, '/activity')).html)
    const expected = [
      'You let an app use your account · shop',
      'You proved who you are · by password',
      'Somebody tried to sign in as you and was refused · by password',
      'Your account was made',
    ]
    const places = expected.map((line) => words.indexOf(line))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual(places.toSorted((one, next) => one - next))
    expect(words).toContain('127.0.0.1')
    expect(words.match(/Your account was made/g)).toHaveLength(1)
  })

  test('has further pages, without the work between apps and server', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    for (let times = 0; times < 32; times += 1) {
      await world.press(browser, await world.open(browser, '/profile'), 'given_name', { nickname: `n${times}` })
    }
    const first = await world.open(browser, '/activity')
    expect(first.html.match(/<tr>/g)).toHaveLength(31)
    const older = /href="([^"]*\?before=\d+)"/.exec(first.html)?.[1] ?? ''
    const next = textOf((await browser.visit(older)).html)
    expect(next).toContain('Your account was made')
    expect(next).toContain('Newest events')
    expect((await world.open(browser, "/activity?before='x")).status).toBe(200)
  })
})

describe('their data', () => {
  test('is one JSON document with all of it, and no secret', async () => {
    const who = await world.somebody({ given_name: 'Ada' })
    const own = await atOwnPage(world, { who })
    await addPasskey(world, own)
    await world.app.code(own.browser, who, { scope: 'openid posts:read', resource: API })
    const file = await own.send('/data', 'value="export"')
    expect(file.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="account.json"')
    expect(file.headers.get('cache-control')).toBe('no-store')
    const data = JSON.parse(file.html) as Record<string, unknown>
    expect(data).toMatchObject({
      account: { sub: who.sub, email: who.email, given_name: 'Ada', status: 'enabled' },
      sign_in: { passkeys: [{ name: 'Telephone', synced: false }], authenticator_app: null, recovery_codes_left: 0 },
      sessions: [{ address: '127.0.0.1', client_ids: expect.arrayContaining(['signet-account']) }],
      apps: [{ openid_scopes: ['openid'], resource_scopes: { [API]: ['posts:read'] } }],
    })
    const types = (data['events'] as { type: string }[]).map(({ type }) => type)
    expect(types).toEqual(
      expect.arrayContaining(['account.created', 'sign_in.succeeded', 'factor.added', 'consent.granted']),
    )
    expect(file.html).not.toMatch(/argon2|public_key|sealed|\bhash\b/)
  })
})

describe('the end of an account', () => {
  test('wants its e-mail address typed', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const page = await world.press(browser, await world.open(browser, '/data'), 'value="delete"', {
      email: 'no@example.com',
    })
    expect([page.status, textOf(page.html)]).toEqual([
      422,
      expect.stringContaining('That is not the e-mail address of this account.'),
    ])
    expect(page.html).toMatch(/<details class="ask" open>/)
    expect(await world.admin.call('GET', `/accounts/${who.sub}`)).toMatchObject({ status: 'enabled' })
  })

  test('ends everything at once, on the other process too, and the last mail says so', async () => {
    const who = await world.somebody()
    const there = await world.signedIn(who, world.second)
    const browser = await world.signedIn(who)
    const client = await world.admin.client('spa', {
      redirect_uris: ['https://spa.example/cb'],
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    })
    const app = createApp(world.first, client, 'https://spa.example/cb', true)
    const { body } = await app.redeem(await app.code(browser, who, { scope: 'openid posts:read', resource: API }))
    const page = await world.press(browser, await world.open(browser, '/data'), 'value="delete"', {
      email: who.email.toUpperCase(),
    })
    expect([page.status, textOf(page.html)]).toEqual([200, expect.stringContaining('Your account is deleted')])
    expect((await world.open(browser)).url).toContain('/interaction/')
    expect((await world.open(there)).url).toContain('/interaction/')
    expect((await app.refresh(body['refresh_token'] as string, {}, world.second)).body['error']).toBe('invalid_grant')
    const [event] = (await world.admin.audit('account.deleted')).filter(({ account_id: id }) => id === who.sub)
    expect(event).toMatchObject({ actor: { kind: 'account', id: who.sub }, outcome: 'success' })
    await expect
      .poll(() => world.mails(who), { timeout: DELIVERED_MS })
      .toMatchObject([{ subject: 'Your account at Signet was deleted' }])
    expect((await world.admin.ask('GET', `/accounts/${who.sub}`)).status).toBe(404)
  })
})
