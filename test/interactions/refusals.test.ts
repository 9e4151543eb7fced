/** What the pages refuse: forms that no page of ours made, and text that would be more than text. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { SCRIPT_ELEMENT } from '#sign-in/passkey/script.ts'
import { PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { textOf, type Person, type Visit } from '../support/person.ts'
import { CALLBACK, EMAIL, fieldOf, startWorld, type World } from './world.ts'

let world: World

beforeAll(async () => {
  world = await startWorld()
})

describe('a form that no page of ours made', () => {
  interface Forgery {
    readonly page: Visit
    readonly csrf: string
    readonly headers?: Record<string, string>
  }

  const forgeries: Record<string, (browser: Person) => Promise<Forgery>> = {
    'has no token': async (browser) => ({ page: await world.signInPage(browser), csrf: '' }),
    'has a token of another browser': async (browser) => ({
      page: await world.signInPage(browser),
      csrf: fieldOf(await world.signInPage(world.somebody()), 'csrf'),
    }),
    'has a token of another interaction': async (browser) => {
      const csrf = fieldOf(await world.signInPage(browser), 'csrf')
      return { page: await world.signInPage(browser), csrf }
    },
    'comes from another site': async (browser) => {
      const page = await world.signInPage(browser)
      return { page, csrf: fieldOf(page, 'csrf'), headers: { 'sec-fetch-site': 'cross-site' } }
    },
  }

  test.each(Object.entries(forgeries))(
    'and %s signs nobody in: 403, the page again, an event',
    async (_what, forge) => {
      const browser = world.somebody()
      const { page, csrf, headers = {} } = await forge(browser)
      const before = (await world.admin.audit('sign_in.succeeded')).length
      const body = new URLSearchParams({ csrf, identifier: EMAIL, password: PASSWORD })
      const answer = await world.post(browser, page, { step: 'login', body, headers })
      expect(answer.status).toBe(403)
      expect(textOf(await answer.text())).toContain('This page was open for too long, or your browser did not keep')
      expect(await world.newestEvent('authorization.refused')).toMatchObject({
        client_id: world.client.id,
        reason: 'the form was not made by a page of this interaction in this browser',
      })
      expect(await world.admin.audit('sign_in.succeeded')).toHaveLength(before)
    },
  )

  test('allows nothing on the consent page', async () => {
    const browser = world.somebody()
    const page = await world.consentPage(browser)
    const before = (await world.admin.audit('consent.granted')).length
    const answer = await world.post(browser, page, {
      step: 'consent',
      body: new URLSearchParams({ decision: 'allow' }),
    })
    expect(answer.status).toBe(403)
    expect(textOf(await answer.text())).toContain('Please decide again.')
    expect(await world.admin.audit('consent.granted')).toHaveLength(before)
  })

  test('means the interaction of its address, not another one whose cookie the browser sends', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser)
    const other = await world.signInPage(browser)
    const body = new URLSearchParams({ csrf: fieldOf(other, 'csrf'), identifier: EMAIL, password: PASSWORD })
    const answer = await world.post(browser, page, { step: 'login', body })
    expect(answer.status).toBe(404)
    expect(textOf(await answer.text())).toContain('This sign-in is over')
  })

  test('does not cancel either: the question stands', async () => {
    const browser = world.somebody()
    const page = await world.signInPage(browser)
    const answer = await world.post(browser, page, { step: 'cancel', body: new URLSearchParams() })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, new URL(page.url).pathname])
    expect((await browser.visit(page.url)).status).toBe(200)
  })

  test.each([
    ['JSON', '{"identifier":"ada@example.com"}', 'application/json', 415],
    ['a field twice', 'identifier=a&identifier=b&password=c&csrf=', undefined, 400],
    ['percent-encoding that is no UTF-8', 'identifier=%FF', undefined, 400],
  ])('and is %s is refused as malformed', async (_what, body, type, status) => {
    const browser = world.somebody()
    const page = await world.signInPage(browser)
    const csrf = fieldOf(page, 'csrf')
    const answer = await world.post(browser, page, {
      step: 'login',
      body: body.replace('csrf=', `csrf=${csrf}`),
      headers: {
        'content-type': type ?? 'application/x-www-form-urlencoded',
      },
    })
    expect(answer.status).toBe(status)
    expect(textOf(await answer.text())).toContain('This request cannot go on')
  })
})

describe('hostile text', () => {
  const PAYLOADS = [
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '</title><svg onload=alert(1)>',
    'javascript:alert(1)',
    '\u202Egnp.exe',
    '{{7*7}}${7*7}',
  ]

  test.each(PAYLOADS)('%s stays text in every parameter of a request', async (payload) => {
    const browser = world.somebody()
    const names = ['login_hint', 'ui_locales', 'state', 'nonce', 'acr_values', 'claims_locales', 'lang', 'display']
    for (const name of names) {
      const page = await browser.visit(world.app.begin({ [name]: payload }).url)
      expect(page.status).toBeLessThan(500)
      expectNoMarkup(page.html)
    }
    for (const name of ['client_id', 'redirect_uri', 'scope', 'response_type', 'prompt', 'resource', 'error']) {
      const page = await browser.visit(world.app.begin({ [name]: payload }).url)
      expect(page.status).toBeLessThan(500)
      expectNoMarkup(page.html)
    }
    expectNoMarkup((await browser.visit(`/logout?${new URLSearchParams({ id_token_hint: payload }).toString()}`)).html)
  })

  test.each(PAYLOADS.slice(0, 3))('%s stays text in the name of an app and of a scope', async (payload) => {
    const resource = `https://${randomUUID()}.example`
    await world.admin.resource(resource, [], { name: payload, scopes: [{ name: 'x:y', description: payload }] })
    const hostile = await world.admin.client('web', {
      client_name: payload,
      redirect_uris: [CALLBACK],
      signet_allow: [{ resource, scopes: ['x:y'] }],
    })
    const browser = world.somebody()
    const { url } = createApp(world.server, hostile, CALLBACK).begin({
      scope: 'openid x:y',
      resource,
      ui_locales: 'en',
    })
    const signIn = await browser.visit(url)
    const consent = await browser.submit(signIn, { identifier: EMAIL, password: PASSWORD })
    for (const page of [signIn, consent]) {
      expect(textOf(page.html)).toContain(payload)
      expectNoMarkup(page.html)
    }
  })

  function expectNoMarkup(html: string): void {
    expect(html.replace(SCRIPT_ELEMENT.toString(), '')).not.toMatch(
      /<script|<img|onerror=alert\(1\)>|<svg onload|href="javascript:/i,
    )
  }
})
