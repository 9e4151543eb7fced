/** A page with oidc-client-ts in Chromium: signs in, reads userinfo, renews by refresh token, and signs out. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { decodeJwt } from 'jose'
import type { UserManager, UserManagerSettings, UserProfile } from 'oidc-client-ts'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { openBrowser } from '../support/browser.ts'
import { atEnd } from '../support/endings.ts'
import { type Server, startServer } from '../support/server.ts'
import { EMAIL, signIn } from './world.ts'

const LIBRARY = fileURLToPath(import.meta.resolve('oidc-client-ts')).replace(
  /esm\/[^/]+$/,
  'browser/oidc-client-ts.min.js',
)
const API = 'https://api.example.com'

/** What the page has of the library's answers. */
interface Tokens {
  readonly access_token: string
  readonly refresh_token: string | undefined
  readonly scope: string | undefined
  readonly profile: UserProfile
}

declare const oidc: { UserManager: new (settings: UserManagerSettings) => UserManager }

const browser: Browser | undefined = await openBrowser()

describe.skipIf(browser === undefined)('a single-page app with oidc-client-ts', () => {
  let server: Server
  let admin: Administrator
  let origin: string
  let context: BrowserContext
  let page: Page
  /** What the browser refused or could not reach. */
  let faults: string[]

  beforeAll(async () => {
    server = await startServer()
    admin = await administrator(server)
    await admin.resource(API, ['posts:read'])
    await admin.account(EMAIL, PASSWORD, { email_verified: true })
    origin = await startApp()
  })

  afterEach(() => context.close())

  async function startApp(): Promise<string> {
    const library = readFileSync(LIBRARY)
    const app = createServer((request, response) => {
      if (request.url === '/oidc-client-ts.js') {
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(library)
        return
      }
      const html = '<!doctype html><html lang="en"><title>spa</title><script src="/oidc-client-ts.js"></script>'
      response.writeHead(200, { 'content-type': 'text/html' }).end(html)
    })
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    atEnd(() => app.close())
    return `http://localhost:${(app.address() as AddressInfo).port}`
  }

  /** Registers the app, opens it, and gives back what its library is set to. */
  async function open(also: Partial<UserManagerSettings> = {}): Promise<UserManagerSettings> {
    const client = await admin.client('spa', {
      client_name: 'spa',
      redirect_uris: [`${origin}/cb`],
      post_logout_redirect_uris: [`${origin}/bye`],
      signet_allow: [{ resource: API, scopes: ['posts:read'] }],
    })
    context = await (browser as Browser).newContext({ locale: 'en' })
    page = await context.newPage()
    faults = []
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    await page.goto(`${origin}/`)
    return {
      authority: server.issuer,
      client_id: client.id,
      redirect_uri: `${origin}/cb`,
      post_logout_redirect_uri: `${origin}/bye`,
      scope: 'openid profile email offline_access',
      ...also,
    }
  }

  /** Sends the person to the server, through sign-in and consent, and redeems the code with the library. */
  async function signInWith(settings: UserManagerSettings): Promise<Tokens> {
    // the page is gone before the promise settles
    await page.evaluate((given) => void new oidc.UserManager(given).signinRedirect({ state: 'cart' }), settings)
    await page.waitForURL(`${server.issuer}/**`)
    await signIn(page)
    await page.click('button[value=allow]')
    await page.waitForURL(`${origin}/cb?**`)
    return page.evaluate(async (given) => {
      const user = await new oidc.UserManager(given).signinCallback()
      if (user?.state !== 'cart') throw new Error('the state was lost')
      const { access_token, refresh_token, scope, profile } = user
      return { access_token, refresh_token, scope, profile }
    }, settings)
  }

  /** Renews without a window or frame, by the refresh token. */
  function renew(settings: UserManagerSettings): Promise<Tokens> {
    return page.evaluate(async (given) => {
      const user = await new oidc.UserManager(given).signinSilent()
      if (!user) throw new Error('nothing was renewed')
      const { access_token, refresh_token, scope, profile } = user
      return { access_token, refresh_token, scope, profile }
    }, settings)
  }

  test('signs in with code and PKCE, and reads userinfo', async () => {
    const settings = await open({ loadUserInfo: true })
    const { access_token: token, profile } = await signInWith(settings)
    expect(profile).toMatchObject({ iss: server.issuer, aud: settings.client_id, email: EMAIL, name: 'Ada Lovelace' })
    const claims = await page.evaluate(
      async ({ issuer, bearer }) => {
        const response = await fetch(`${issuer}/userinfo`, { headers: { authorization: `Bearer ${bearer}` } })
        return (await response.json()) as Record<string, unknown>
      },
      { issuer: server.issuer, bearer: token },
    )
    expect(claims).toMatchObject({ sub: profile.sub, email: EMAIL, email_verified: true })
    expect(faults).toEqual([])
  })

  test('renews by refresh token, which is another one each time', async () => {
    const settings = await open({ scope: 'openid offline_access posts:read', resource: API })
    const first = await signInWith(settings)
    const second = await renew(settings)
    const third = await renew(settings)
    const tokens = [first, second, third]
    expect(new Set(tokens.map((one) => one.refresh_token)).size).toBe(3)
    expect(new Set(tokens.map((one) => one.access_token)).size).toBe(3)
    expect(decodeJwt(third.access_token)).toMatchObject({ aud: API, scope: 'posts:read', sub: first.profile.sub })
    expect(faults).toEqual([])
  })

  test('revokes its tokens, and signs out', async () => {
    const settings = await open()
    const { refresh_token: before } = await signInWith(settings)
    await page.evaluate((given) => new oidc.UserManager(given).revokeTokens(['refresh_token']), settings)
    const refused = await server.fetch('/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: settings.client_id,
        refresh_token: before as string,
      }),
    })
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
    await page.evaluate((given) => void new oidc.UserManager(given).signoutRedirect({ state: 'gone' }), settings)
    // not asked: the hint is of the running session
    await page.waitForURL(`${origin}/bye?**`)
    await page.evaluate((given) => new oidc.UserManager(given).signoutCallback(), settings)
    expect(await page.evaluate((given) => new oidc.UserManager(given).getUser(), settings)).toBeNull()
    expect(faults).toEqual([])
  })
})
