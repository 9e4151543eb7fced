/** The pages for sign-in requests (CIBA) in Chromium: pictures in both themes, accessibility, room on a phone. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowId } from '#oidc/adapter/sealing.ts'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { follow, openBrowser } from '../support/browser.ts'
import { type CibaClient, createCibaClient, POLLING_CLIENT } from '../support/ciba.ts'
import { LANGUAGES, MARKED, outsideCatalogue, pagesIn, SPEAKS_MARKED } from './languages.ts'
import { DESKTOP, faultsOf } from './looks.ts'
import { API, startWorld, type World } from './world.ts'

const browser = await openBrowser()
const MESSAGE = 'W4SCT'
/** The most that a page has to show. */
const STRONGER = {
  acr_values: 'urn:signet:acr:passkey',
  scope: 'openid offline_access',
  binding_message: 'Pay 12.50 euros to the corner shop, receipt 4711 of today',
}
/** What apps call themselves and say, addresses, times, and what a resource is called. */
const DATA = [
  /^(Corner shop till|till\.example|api\.example\.com|W4SCT)$/,
  /^Pay 12.50 euros/,
  /^(ada-\w+@example\.com|Api|Payment|Amount|Currency|12\.50|EUR)$/,
  /\d\d? \d{4}, |UTC$|^in \d+ minutes?/,
]
let world: World
let admin: Administrator
let till: CibaClient

beforeAll(async () => {
  if (!browser) return
  world = await startWorld(SPEAKS_MARKED)
  admin = await administrator(world.server)
  const client = await admin.client('web', {
    ...POLLING_CLIENT,
    client_name: 'Corner shop till',
    client_uri: 'https://till.example',
    signet_allow: [{ resource: API, scopes: ['posts:read', 'posts:write'] }],
  })
  till = createCibaClient(world.server, client)
})

/** The path of a new request. */
async function begin(who: string, also: Record<string, string> = {}): Promise<string> {
  const asked = { scope: 'openid email posts:read posts:write', resource: API, binding_message: MESSAGE, ...also }
  const { auth_req_id: id } = await till.begin({ login_hint: who, ...asked })
  return `/requests/${rowId(id).toString('base64url')}`
}

interface Way {
  /** In English. */
  readonly heading: string
  open(page: Page, who: string): Promise<void>
}

const REQUEST: Way = {
  heading: 'Sign in to Corner shop till?',
  open: async (page, who) => go(page, await begin(who)),
}
const PAGES: Readonly<Record<string, Way>> = {
  'requests-none': { heading: 'Sign-in requests', open: (page) => go(page, '/requests') },
  'request-over': { heading: 'This request is over', open: (page) => go(page, '/requests/unknown') },
  'request-confirm': {
    heading: 'Sign in to Corner shop till?',
    open: async (page, who) => go(page, await begin(who, STRONGER)),
  },
  requests: {
    heading: 'Sign-in requests',
    async open(page, who) {
      await begin(who)
      await go(page, '/requests')
    },
  },
  'requests-overview': {
    heading: 'Hello, Ada Lovelace',
    async open(page, who) {
      await begin(who, STRONGER)
      await go(page, '')
    },
  },
  'requests-code': {
    heading: 'Sign-in requests',
    async open(page) {
      await go(page, '/requests')
      await page.fill('[name=code]', '4711')
      await page.click('form:has([name=code]) button')
      await page.waitForSelector('.done')
    },
  },
  'request-denied': {
    heading: 'Sign-in requests',
    async open(page, who) {
      await go(page, await begin(who))
      await page.click('button[value=deny]')
      await page.waitForSelector('.done')
    },
  },
}

async function go(page: Page, path: string): Promise<void> {
  await page.setViewportSize(DESKTOP)
  await page.goto(`${world.server.issuer}/account${path}`)
}

describe.skipIf(!browser).each(LANGUAGES)('in %s', (locale) => {
  const who = `ada-${locale}@example.com`
  let page: Page

  beforeAll(async () => {
    const context = await browser?.newContext({ locale, viewport: DESKTOP })
    if (!context) return
    await admin.account(who, PASSWORD, { name: 'Ada Lovelace' })
    page = await context.newPage()
    await go(page, '')
    await signIn(page, who)
  })
  afterAll(() => page.context().close())

  test.each([...pagesIn(locale, PAGES), ['request', REQUEST] as const])(
    'the page %s is readable, reachable and fits a phone',
    async (name, way) => {
      await way.open(page, who)
      expect(await page.getAttribute('html', 'lang')).toBe(locale)
      if (locale === 'en') expect((await page.textContent('h1'))?.trim()).toBe(way.heading)
      if (locale === MARKED) expect(await outsideCatalogue(page, DATA)).toEqual([])
      const faults = await faultsOf(page, `account-${name}-${locale}`)
      expect(faults).toMatchObject({ accessibility: [], right: 0, rightOfSmallest: 0, layoutShift: 0 })
    },
  )
})

describe.skipIf(!browser)('without script, by keyboard', () => {
  test.each(['allow', 'deny'])('the link of a mail leads through the sign-in to the button %s', async (decision) => {
    if (!browser) throw new Error('there is no browser')
    const who = `ada-${decision}@example.com`
    await admin.account(who, PASSWORD)
    const context = await browser.newContext({ locale: 'en', javaScriptEnabled: false })
    const page = await context.newPage()
    const path = await begin(who)
    await go(page, path)
    await page.fill('[name=identifier]', who)
    await page.fill('[name=password]', PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.server.issuer}/account${path}`)
    expect(await page.textContent('.compared')).toBe(MESSAGE)
    await page.focus(`button[value=${decision}]`)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.done')
    expect(await page.textContent('.done')).toContain(decision === 'allow' ? 'Approved.' : 'Denied.')
    await context.close()
  })
})

async function signIn(page: Page, who: string): Promise<void> {
  await page.fill('[name=identifier]', who)
  await page.fill('[name=password]', PASSWORD)
  await follow(page, page.locator('button[type=submit]').first())
}
