/** Every page in Chromium, in both languages: pictures in both themes, accessibility, room on a phone, size. */
import pg from 'pg'
import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { openBrowser } from '../support/browser.ts'
import { LANGUAGES, MARKED, outsideCatalogue, pagesIn, SPEAKS_MARKED } from './languages.ts'
import { DESKTOP, faultsOf } from './looks.ts'
import { PAYMENT_DATA, PAYMENTS, signedInPage, signIn, startWorld, type World } from './world.ts'

const browser = await openBrowser()

let world: World

beforeAll(async () => {
  if (browser) world = await startWorld(SPEAKS_MARKED)
})

/** What a developer is told in the words of the specifications. */
const ERRORS = [/^invalid_redirect_uri$/, /^redirect_uri did not match any of the client's registered redirect_uris$/]

/** How a page is come by, and its heading in English. */
interface Way {
  readonly heading: string
  /** Longer than a phone, as it says all that is asked. */
  readonly isLong?: true
  open(context: BrowserContext): Promise<Page>
}

const PAGES: Readonly<Record<string, Way>> = {
  'sign-in': { heading: 'Sign in', open: (context) => visit(context, world.request()) },
  'sign-in-mismatch': {
    heading: 'Sign in',
    async open(context) {
      const page = await visit(context, world.request())
      await signIn(page, 'not the password')
      return page
    },
  },
  'sign-in-empty': {
    heading: 'Sign in',
    async open(context) {
      const page = await visit(context, world.request())
      await page.click('button[type=submit]')
      return page
    },
  },
  'sign-in-passkey-refused': {
    heading: 'Sign in',
    async open(context) {
      const page = await visit(context, world.request())
      await page.evaluate(`document.querySelector('form[data-ceremony]').submit()`)
      await page.waitForSelector('[role=alert]')
      return page
    },
  },
  'sign-in-again': {
    heading: 'Sign in',
    async open(context) {
      const page = await signedInPage(context, world)
      await page.goto(world.request({ prompt: 'login' }))
      return page
    },
  },
  consent: { heading: 'Give shop access?', open: (context) => signedInPage(context, world) },
  'select-account': {
    heading: 'Choose an account',
    async open(context) {
      const page = await signedInPage(context, world)
      await page.goto(world.request({ prompt: 'select_account' }))
      return page
    },
  },
  continue: {
    heading: "You're signed in",
    async open(context) {
      const request = await toolRequest()
      const page = await visit(context, request)
      await signIn(page)
      await page.click('button[value=allow]')
      await page.goto(request)
      return page
    },
  },
  'sign-out': {
    heading: 'Sign out?',
    async open(context) {
      const page = await signedInPage(context, world)
      await page.goto(world.signOutRequest())
      return page
    },
  },
  'signed-out': {
    heading: 'You are signed out',
    async open(context) {
      const page = await signedInPage(context, world)
      await page.goto(`${world.server.issuer}/logout`)
      await page.click('button[type=submit]')
      return page
    },
  },
  'lost-expired': {
    heading: 'This page waited too long',
    async open(context) {
      const page = await visit(context, world.request())
      await letInteractionsExpire()
      await page.reload()
      return page
    },
  },
  'lost-finished': {
    heading: 'This sign-in is over',
    async open(context) {
      const page = await visit(context, world.request({ prompt: 'login consent' }))
      const address = page.url()
      await signIn(page)
      await page.goto(address)
      return page
    },
  },
  'lost-foreign': {
    heading: 'This sign-in began elsewhere',
    async open(context) {
      const page = await visit(context, world.request())
      await context.clearCookies({ name: /interaction/ })
      await page.reload()
      return page
    },
  },
  error: {
    heading: 'This request cannot go on',
    open: (context) => visit(context, world.request({ redirect_uri: 'http://localhost:1/elsewhere' })),
  },
  'not-found': {
    heading: 'There is no such page',
    open: (context) => visit(context, `${world.server.issuer}/nowhere`),
  },
  home: { heading: 'One account for your apps', open: (context) => visit(context, world.server.issuer) },
  'consent-details': {
    heading: 'Give shop access?',
    isLong: true,
    async open(context) {
      const page = await signedInPage(context, world)
      await page.goto(world.request({ authorization_details: JSON.stringify(PAYMENTS) }))
      return page
    },
  },
}

describe.skipIf(!browser).each(LANGUAGES)('in %s', (locale) => {
  test.each(pagesIn(locale, PAGES))(
    'the page %s is readable, reachable and fits a phone',
    async (name, { heading, isLong, open }) => {
      const context = await newContext(locale)
      const page = await open(context)
      expect(await page.getAttribute('html', 'lang')).toBe(locale)
      if (locale === 'en') expect(await page.textContent('h1')).toBe(heading)
      if (locale === MARKED) expect(await outsideCatalogue(page, [...ERRORS, ...PAYMENT_DATA])).toEqual([])
      const faults = await faultsOf(page, `${name}-${locale}`)
      expect(faults).toMatchObject({ accessibility: [], right: 0, rightOfSmallest: 0, layoutShift: 0 })
      // texts that are longer may need to be scrolled
      if (locale !== MARKED && !isLong) expect(faults.down).toBe(0)
      await context.close()
    },
  )
})

describe.skipIf(!browser)('on loopback', () => {
  test('a page is one request of at most 16 kB', async () => {
    const context = await newContext('en')
    const page = await context.newPage()
    const requests: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    const response = await page.goto(world.request())
    expect(requests.filter((url) => !url.startsWith('data:'))).toHaveLength(2) // the redirect, and the page
    expect((await response?.body())?.length).toBeLessThan(16_000)
    await context.close()
  })
})

async function newContext(locale: string): Promise<BrowserContext> {
  if (!browser) throw new Error('there is no browser')
  return browser.newContext({ locale, viewport: DESKTOP })
}

async function visit(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** An authorization request of a native app on loopback, whose identity is not assured. */
async function toolRequest(): Promise<string> {
  const admin = await administrator(world.server)
  const tool = await admin.client('native', { client_name: 'tool', redirect_uris: [world.shop.callback] })
  return createApp(world.server, tool, world.shop.callback, true).begin().url
}

async function letInteractionsExpire(): Promise<void> {
  const client = new pg.Client(world.server.databaseUrl)
  await client.connect()
  try {
    await client.query(`UPDATE artefacts SET expires_at = now() - interval '1 minute' WHERE kind = 'Interaction'`)
  } finally {
    await client.end()
  }
}
