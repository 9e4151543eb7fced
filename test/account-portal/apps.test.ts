/** The apps that a person let in: the receipt of what they allowed, and taking it back. */
import { beforeAll, describe, expect, test } from 'vitest'
import { answerOf, textOf } from '../support/person.ts'
import { API, startWorld, type World } from './world.ts'

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
