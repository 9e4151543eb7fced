/** The pages about upstream providers in Chromium: read, reached, gone through at a second Signet. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { openBrowser } from '../support/browser.ts'
import {
  addUpstream,
  APP_CALLBACK,
  type FederatedWorld,
  somebodyThere,
  startFederatedWorld,
} from '../support/federated-world.ts'
import { freePort } from '../support/ports.ts'
import { LANGUAGES, MARKED, outsideCatalogue, pagesIn, SPEAKS_MARKED } from './languages.ts'
import { DESKTOP, faultsOf } from './looks.ts'

const DATA = [/^Provider \w+$/, /^traveller\d+@example\.com$/]

const browser = await openBrowser()

let world: FederatedWorld
let people = 0

beforeAll(async () => {
  if (!browser) return
  const port = String(await freePort())
  // cookies do not know of ports: the provider has a host name of its own
  const there = { PORT: port, SIGNET_ISSUER: `http://127.0.0.1:${port}` }
  world = await startFederatedWorld(1, { here: SPEAKS_MARKED, there })
  await addUpstream(world, 'open', { just_in_time: true })
  await addUpstream(world, 'closed', {})
  await addUpstream(world, 'acme', { domains: ['acme.example'] })
  await world.admin.call('POST', '/upstreams', {
    id: 'away',
    name: 'Provider away',
    issuer: 'http://127.0.0.1:9',
    client_id: 'nobody',
  })
}, 60_000)

interface Way {
  /** In English. */
  readonly heading: string
  open(context: BrowserContext): Promise<Page>
}

const address = (domain = 'example.com') => `traveller${people++}@${domain}`

const PAGES: Readonly<Record<string, Way>> = {
  offered: { heading: 'Sign in', open: (context) => signInPage(context) },
  led: {
    heading: 'Provider acme signs you in',
    async open(context) {
      const page = await signInPage(context)
      // the page leads on by itself, and is left at once
      await context.route('**/interaction/*/upstream/acme*', (route) => route.fulfill({ status: 204 }))
      await page.fill('[name=identifier]', address('acme.example'))
      await page.click('button.primary')
      return page
    },
  },
  offer: {
    heading: 'You already have an account here',
    async open(context) {
      const { email } = await somebodyThere(world, address())
      await world.admin.account(email, PASSWORD)
      return throughProvider(context, 'open', email)
    },
  },
  cancelled: {
    heading: 'You did not sign in with Provider open',
    async open(context) {
      const page = await atProvider(context, 'open')
      await page.click('button.quiet')
      return page
    },
  },
  refused: {
    heading: 'Provider open could not sign you in',
    async open(context) {
      const page = await signInPage(context)
      const asked = page.waitForRequest((request) => request.url().startsWith(`${world.there.issuer}/authorize?`))
      await page.click('a[href$="/upstream/open"]')
      const { searchParams } = new URL((await asked).url())
      const answer = { state: searchParams.get('state') ?? '', code: 'not-a-code', iss: world.there.issuer }
      await page.goto(`${world.here.issuer}/upstream/callback/open?${new URLSearchParams(answer).toString()}`)
      return page
    },
  },
  'no-account': {
    heading: 'No account is linked to you',
    open: async (context) => throughProvider(context, 'closed', (await somebodyThere(world, address())).email),
  },
  'no-email': {
    heading: 'Your e-mail address is not confirmed',
    async open(context) {
      const { email } = await somebodyThere(world, address(), { email_verified: false })
      return throughProvider(context, 'open', email)
    },
  },
  unavailable: {
    heading: 'Provider away does not answer',
    async open(context) {
      const page = await signInPage(context)
      await page.click('a[href$="/upstream/away"]')
      return page
    },
  },
  linked: {
    heading: 'Linked providers',
    async open(context) {
      const page = await throughProvider(context, 'open', (await somebodyThere(world, address())).email)
      await page.goto(`${world.here.issuer}/account/linked`)
      return page
    },
  },
  'link-offered': { heading: 'Linked providers', open: (context) => ownPage(context) },
  'link-begun': {
    heading: 'Linked providers',
    async open(context) {
      const page = await ownPage(context)
      // the page leads on by itself, and is left at once
      await context.route(`${world.there.issuer}/**`, (route) => route.fulfill({ status: 204 }))
      await page.click('button[name=link][value=open]')
      await page.waitForSelector('a.primary')
      return page
    },
  },
  'link-cancelled': {
    heading: 'Linked providers',
    async open(context) {
      const page = await ownPage(context)
      await page.click('button[name=link][value=open]')
      await page.waitForURL(`${world.there.issuer}/**`)
      await page.click('button.quiet')
      await page.waitForURL(`${world.here.issuer}/**`)
      return page
    },
  },
}

describe.skipIf(!browser).each(LANGUAGES)('in %s', (locale) => {
  test.each(pagesIn(locale, PAGES))('the page %s is readable, reachable and fits a phone', async (name, way) => {
    const context = await (browser as Browser).newContext({ locale, viewport: DESKTOP })
    const page = await way.open(context)
    expect(new URL(page.url()).origin).toBe(world.here.issuer)
    expect(await page.getAttribute('html', 'lang')).toBe(locale)
    if (locale === 'en') expect((await page.textContent('h1'))?.trim()).toBe(way.heading)
    if (locale === MARKED) expect(await outsideCatalogue(page, DATA)).toEqual([])
    const faults = await faultsOf(page, `upstream-${name}-${locale}`)
    expect(faults).toMatchObject({ accessibility: [], right: 0, rightOfSmallest: 0, layoutShift: 0 })
    await context.close()
  })
})

describe.skipIf(!browser)('without script', () => {
  test('a person comes to the app by a provider, and an account is linked after it was proven here', async () => {
    const context = await (browser as Browser).newContext({ locale: 'en', viewport: DESKTOP, javaScriptEnabled: false })
    const { email } = await somebodyThere(world, address())
    await world.admin.account(email, PASSWORD)
    const page = await throughProvider(context, 'open', email)
    await page.click('a.primary')
    expect(await page.inputValue('[name=identifier]')).toBe(email)
    await page.fill('[name=password]', PASSWORD)
    await page.click('button.primary')
    const answered = page.waitForRequest((request) => request.url().startsWith(`${APP_CALLBACK}?code=`))
    await page.click('button[value=allow]')
    await answered
    const own = await context.newPage()
    await own.goto(`${world.here.issuer}/account/linked`)
    expect(await own.textContent('main')).toContain('Provider open')
    await context.close()
  })
})

async function signInPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(world.app.begin().url)
  return page
}

/** Somebody's page of links, who has none. */
async function ownPage(context: BrowserContext): Promise<Page> {
  const email = address()
  await world.admin.account(email, PASSWORD)
  const page = await context.newPage()
  await page.goto(`${world.here.issuer}/account/linked`)
  await page.fill('[name=identifier]', email)
  await page.fill('[name=password]', PASSWORD)
  await page.click('button.primary')
  await page.waitForURL('**/account/linked')
  return page
}

async function atProvider(context: BrowserContext, id: string): Promise<Page> {
  const page = await signInPage(context)
  await page.click(`a[href$="/upstream/${id}"]`)
  await page.waitForURL(`${world.there.issuer}/**`)
  return page
}

/** Signs in at the provider and allows it: the page here that the answer is met with. */
async function throughProvider(context: BrowserContext, id: string, email: string): Promise<Page> {
  const page = await atProvider(context, id)
  await page.fill('[name=identifier]', email)
  await page.fill('[name=password]', PASSWORD)
  await page.click('button.primary')
  await page.click('button[value=allow]')
  await page.waitForURL((url) => url.origin !== world.there.issuer)
  return page
}
