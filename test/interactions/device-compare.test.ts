/** What a person is asked about a device before they sign in (RFC 8628 §3.3, §5.4), and what follows. */
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { answerCompare, connect, createDevice, enterCode } from '../support/device.ts'
import { letTimePass } from '../support/passed-time.ts'
import { press } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { ada, API, type DeviceWorld, says, startDeviceWorld } from './device-world.ts'

let world: DeviceWorld

beforeAll(async () => {
  world = await startDeviceWorld()
})

describe('the page that compares the code', () => {
  test('tells who asks for what, from where, and asks whether the person began it', async () => {
    const asking = world.from('203.0.113.77', { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0' })
    const { body } = await world.device.ask({ scope: 'openid email posts:read', resource: API }, asking)
    const page = await enterCode(world.someone(), String(body['user_code']))
    const text = says(page)
    expect(text).toContain('Connect Telly?')
    expect(text).toContain(String(body['user_code']))
    expect(text).toContain('Read your posts')
    expect(text).toContain('See your e-mail address')
    expect(text).toContain('203.0.113.77 · Chrome · Linux')
    expect(text).toContain('Did you start this yourself')
    expect(page.html).not.toContain('<script')
    expect(page.html.match(/<button[^>]*value="(\w+)"/g)?.map((tag) => /value="(\w+)"/.exec(tag)?.[1])).toEqual([
      'allow',
      'deny',
    ])
  })

  test('names the account of a person who is signed in, and after one click the device is connected', async () => {
    const browser = await world.ready()
    const begun = await world.device.begin()
    const page = await enterCode(browser, begun.user_code)
    expect(says(page)).toContain(ada.email)
    const done = await answerCompare(browser, page)
    expect(done.status).toBe(200)
    expect(says(done)).toContain('Your device is connected')
    expect(says(done)).toContain('Telly')
    expect(await world.admin.eventOf('device.approved', done.headers)).toMatchObject({
      outcome: 'success',
      client_id: world.tv.id,
      actor: { kind: 'account' },
    })
    expect((await world.device.poll(begun)).status).toBe(200)
  })

  test('speaks Korean, with the logo and colour of the app', async () => {
    const client = await world.admin.client('device', { client_name: '텔리', signet_accent: '#aa3300' })
    const begun = await createDevice(world.server, client).begin({ ui_locales: 'ko' })
    const page = await enterCode(world.someone(), begun.user_code)
    expect(says(page)).toContain('텔리 앱을 연결할까요?')
    expect(page.html).toContain('lang="ko"')
    expect(page.html.match(/<style>/g)).toHaveLength(2)
  })

  test('connects nothing when the person did not begin it: the device is refused, and its code is used', async () => {
    const begun = await world.device.begin()
    const browser = world.someone()
    const done = await answerCompare(browser, await enterCode(browser, begun.user_code), 'deny')
    expect(done.status).toBe(200)
    expect(says(done)).toContain('Nothing was connected')
    expect(await world.admin.eventOf('device.denied', done.headers)).toMatchObject({
      outcome: 'failure',
      client_id: world.tv.id,
      actor: { kind: 'anonymous' },
    })
    expect((await world.device.poll(begun)).body['error']).toBe('access_denied')
    expect((await enterCode(world.someone(), begun.user_code)).status).toBe(410)
  })

  test('takes no form of another browser or interaction', async () => {
    const begun = await world.device.begin()
    const browser = world.someone()
    const page = await enterCode(browser, begun.user_code)
    const forged = await browser.submit(page, { csrf: 'x' }, { name: 'decision', value: 'allow' })
    expect(forged.status).toBe(403)
    const foreign = await world.someone().submit(page, {}, { name: 'decision', value: 'allow' })
    expect(foreign.status).toBe(403)
    expect(says(foreign)).toContain('began elsewhere')
    expect((await world.device.poll(begun)).body['error']).toBe('authorization_pending')
  })

  test('asks again for a form without a decision', async () => {
    const browser = world.someone()
    const page = await enterCode(browser, (await world.device.begin()).user_code)
    const again = await browser.submit(page, {})
    expect(says(again)).toContain('Connect Telly?')
  })

  test('says that the code is over when it was decided or has expired meanwhile', async () => {
    const browser = await world.ready()
    const begun = await world.device.begin()
    const page = await enterCode(browser, begun.user_code)
    await connect(await world.ready(), begun.user_code, ada)
    const shown = await browser.visit(new URL(page.url).pathname)
    expect(shown.status).toBe(410)
    expect(says(shown)).toContain('This code was used before')
    const done = await answerCompare(browser, page)
    expect(done.status).toBe(410)
    expect(await world.admin.eventOf('device.refused', done.headers)).toMatchObject({
      reason: 'the device was decided before',
    })

    const other = await world.admin.client('device', { client_name: 'Late' })
    const late = await createDevice(world.server, other).begin()
    const last = await enterCode(browser, late.user_code)
    await letTimePass(world.server.databaseUrl, 601, other.id)
    const expired = await answerCompare(browser, last)
    expect(expired.status).toBe(410)
    expect(says(expired)).toContain('This code has expired')
    expect(await world.admin.eventOf('device.refused', expired.headers)).toMatchObject({
      reason: 'the device code has expired',
    })
  })
})

describe('on the way', () => {
  test('a person who goes back to the app at sign-in, or allows nothing, refuses the device', async () => {
    for (const marker of ['/cancel"', 'value="deny"']) {
      const begun = await world.device.begin()
      const browser = world.someone()
      let page = await answerCompare(browser, await enterCode(browser, begun.user_code))
      if (marker === '/cancel"') page = await press(browser, page, marker)
      else {
        const other = { email: 'nobody@example.com', password: PASSWORD }
        await world.admin.account(other.email, other.password)
        page = await browser.submit(page, { identifier: other.email, password: other.password })
        expect(says(page)).toContain('Give Telly access?')
        expect(says(page)).not.toContain('This app runs on your own device.')
        page = await browser.submit(page, {}, { name: 'decision', value: 'deny' })
      }
      expect(says(page)).toContain('Nothing was connected')
      expect(await world.admin.eventOf('device.denied', page.headers)).toMatchObject({ client_id: world.tv.id })
      expect((await world.device.poll(begun)).body['error']).toBe('access_denied')
    }
  })

  test('a sign-in that was proven is asked again for max_age=0, and not without it', async () => {
    const browser = await world.ready()
    const plain = await world.device.begin()
    expect(says(await answerCompare(browser, await enterCode(browser, plain.user_code)))).toContain('is connected')
    const strict = await world.device.begin({ scope: 'openid', max_age: '0' })
    await asSuperuser((db) => db.query(PROVEN_EARLIER), world.server.databaseUrl)
    const page = await answerCompare(browser, await enterCode(browser, strict.user_code))
    expect(page.html).toContain('name="password"')
    const done = await browser.submit(page, { identifier: ada.email, password: ada.password })
    expect(says(done)).toContain('is connected')
    expect((await world.device.poll(strict)).status).toBe(200)
  })

  test('a stronger sign-in than the account has is refused, and the device is told access_denied', async () => {
    const begun = await world.device.begin({ scope: 'openid', acr_values: 'urn:signet:acr:passkey' })
    const browser = await world.ready()
    const page = await answerCompare(browser, await enterCode(browser, begun.user_code))
    expect(says(page)).toContain('This needs a stronger sign-in')
    const done = await press(browser, page, '/unmet"')
    expect(says(done)).toContain('Nothing was connected')
    expect(await world.admin.eventOf('device.denied', done.headers)).toMatchObject({ client_id: world.tv.id })
    expect((await world.device.poll(begun)).body).toEqual({
      error: 'access_denied',
      error_description: 'the account has no way to sign in as acr_values asks',
    })
  })

  test('a page that is loaded again after the end says so and leads to the page for codes', async () => {
    const browser = await world.ready()
    const begun = await world.device.begin()
    const done = await answerCompare(browser, await enterCode(browser, begun.user_code))
    const again = await browser.visit(new URL(done.url).pathname)
    expect(says(again)).toContain('This sign-in is over')
    expect(again.html).toContain(`href="${world.server.issuer}/device"`)
    expect((await world.device.poll(begun)).status).toBe(200)
  })

  test('another browser at the address of the page refuses nothing: the device waits on', async () => {
    const begun = await world.device.begin()
    const browser = await world.ready()
    const page = await enterCode(browser, begun.user_code)
    const stranger = world.someone()
    const foreign = await stranger.visit(new URL(page.url).pathname)
    expect(foreign.status).toBe(403)
    expect((await world.device.poll(begun)).body['error']).toBe('authorization_pending')
    expect(says(await answerCompare(browser, page))).toContain('is connected')
  })
})

/** As if everybody had signed in an hour ago. */
const PROVEN_EARLIER = `
  UPDATE sessions SET payload = payload || jsonb_build_object('loginTs', (payload ->> 'loginTs')::int - 3600)
  WHERE payload ? 'loginTs'`
