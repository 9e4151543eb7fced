/** The apps that a person let in: the receipt of what they allowed, and taking it back. */
import { beforeAll, describe, expect, test } from 'vitest'
import { answerOf, textOf } from '../support/person.ts'
import { createApp } from '../support/app.ts'
import { API, startWorld, type World } from './world.ts'

const callback = 'https://news.example/cb'
const ASKED = { scope: 'openid email offline_access posts:read', resource: API }

let world: World

beforeAll(async () => {
  world = await startWorld()
})

describe('ASVS 10.7.3: a person reviews what they allowed', () => {
  test('by app, in the words they were asked with', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await world.app.code(browser, who, ASKED)
    const words = textOf((await world.open(browser, '/apps')).html)
    for (const line of [
      'shop',
      'See your e-mail address',
      'Keep this access while you are away',
      'Read your posts (Posts)',
    ]) {
      expect(words).toContain(line)
    }
    expect(words).toMatch(/Allowed on \w+ \d+, \d{4}/)
    expect(words).not.toContain('See your phone number')
  })

  test('with the authorization details of tokens that can still be used', async () => {
    const bank = 'https://bank.example.com'
    const properties = { type: true, sum: { title: 'Sum' } }
    const type = { type: 'payment', name: 'Make a payment', schema: { type: 'object', properties } }
    await world.admin.resource(bank, [], { name: 'Bank', authorization_details_types: [type] })
    const client = await world.admin.client('web', {
      client_name: 'payer',
      redirect_uris: [callback],
      signet_allow: [{ resource: bank, scopes: [] }],
      authorization_details_types: ['payment'],
    })
    const app = createApp(world.first, client, callback)
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const asked = { type: 'payment', sum: 'EUR 12' }
    const request = { scope: 'openid offline_access', authorization_details: JSON.stringify([asked]) }
    const { body } = await app.redeem(await app.code(browser, who, request))
    const shown = async () => textOf((await world.open(browser, '/apps')).html)
    expect(await shown()).toMatch(/Make a payment Sum EUR 12 (?!.*EUR 12)/)
    const refreshed = await app.refresh(body['refresh_token'] as string)
    expect(await shown()).toMatch(/Make a payment Sum EUR 12 (?!.*EUR 12)/)
    const collected = await world.press(browser, await world.open(browser, '/data'), 'value="export"')
    expect(JSON.parse(collected.html)).toMatchObject({ apps: [{ authorization_details: [asked] }] })
    await app.call('/revoke', { token: refreshed.body['refresh_token'] as string })
    expect(await shown()).not.toContain('EUR 12')
  })

  test('and is told where there is nothing', async () => {
    const browser = await world.signedIn(await world.somebody())
    expect(textOf((await world.open(browser, '/apps')).html)).toContain('No app has access yet.')
  })
})

describe('ASVS 10.4.9: a person takes the access of an app back', () => {
  test('its refresh token is refused at once on the other process, and the app must ask again', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    const { body } = await world.app.redeem(await world.app.code(browser, who, ASKED))
    const page = await world.press(browser, await world.open(browser, '/apps'), 'name="app"')
    expect(textOf(page.html)).toContain('That app has no access any more.')
    const refused = await world.app.refresh(body['refresh_token'] as string, {}, world.second)
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant'])
    expect(refused.body['error_description']).toBeTypeOf('string')
    const { left } = await browser.visit(world.app.begin({ ...ASKED, prompt: 'none' }).url)
    expect(answerOf(left as URL)['error']).toBe('consent_required')
    expect(await world.event(who, 'consent.withdrawn')).toMatchObject({ actor: { kind: 'account', id: who.sub } })
  })

  test('once: a second time it is not there any more', async () => {
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await world.app.code(browser, who, ASKED)
    const page = await world.open(browser, '/apps')
    await world.press(browser, page, 'name="app"')
    const again = await world.press(browser, page, 'name="app"')
    expect([again.status, textOf(again.html)]).toEqual([404, expect.stringContaining('That is not there any more.')])
  })
})

describe('an app that registered where a sign-in to it begins (OpenID Connect Core §4)', () => {
  test('is opened from the list of apps, and is told who sends the person', async () => {
    const initiate_login_uri = 'https://news.example/login?from=list'
    const client = await world.admin.client('web', {
      client_name: 'news',
      redirect_uris: [callback],
      initiate_login_uri,
    })
    const who = await world.somebody()
    const browser = await world.signedIn(who)
    await createApp(world.first, client, callback).code(browser, who)
    const page = await world.open(browser, '/apps')
    expect(textOf(page.html)).toContain('Open news')
    const [, href = ''] = /href="([^"]+)"[^>]*>\s*Open/.exec(page.html) ?? []
    expect(href.replaceAll('&amp;', '&')).toBe(`${initiate_login_uri}&iss=${encodeURIComponent(world.first.issuer)}`)
    await world.admin.call('POST', `/clients/${client.id}/disable`)
    expect(textOf((await world.open(browser, '/apps')).html)).not.toContain('Open news')
  })

  test.each(['http://news.example/login', 'javascript:alert(1)', 'https://user@news.example/'])(
    'is not registered with %s',
    async (initiate_login_uri) => {
      const body = { signet_profile: 'spa', redirect_uris: [callback], initiate_login_uri }
      expect(await world.admin.ask('POST', '/clients', { body })).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'initiate_login_uri', given: initiate_login_uri, expected: 'an https URL' }] },
      })
    },
  )
})
