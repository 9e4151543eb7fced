/** The pages for a device in Chromium, in both languages: pictures in both themes, accessibility, room on a phone. */
import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { openBrowser } from '../support/browser.ts'
import { createDevice, type Device } from '../support/device.ts'
import { letTimePass } from '../support/passed-time.ts'
import { LANGUAGES, MARKED, outsideCatalogue, pagesIn, SPEAKS_MARKED } from './languages.ts'
import { DESKTOP, faultsOf } from './looks.ts'
import { API, signIn, startWorld, type World } from './world.ts'

const browser = await openBrowser()
/** What the app calls itself, where it asked from, and codes. */
const DATA = [/^(Living room )?TV$/, /^127\.0\.0\.1( · .+)?$/, /^[A-Z]{4}-[A-Z]{4}$/, /^ada@example\.com$/]
let world: World
let admin: Administrator
let device: Device
let clientId: string

beforeAll(async () => {
  if (!browser) return
  world = await startWorld(SPEAKS_MARKED)
  admin = await administrator(world.server)
  const client = await admin.client('device', {
    client_name: 'Living room TV',
    signet_allow: [{ resource: API, scopes: ['posts:read', 'posts:write'] }],
  })
  clientId = client.id
  device = createDevice(world.server, client)
})

const begin = () => device.begin({ scope: 'openid profile email posts:read posts:write', resource: API })

async function visit(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${world.server.issuer}${path}`)
  return page
}

/** The page that compares the code of a new device. */
async function comparing(context: BrowserContext): Promise<Page> {
  const { user_code: userCode } = await begin()
  const page = await visit(context, '/device')
  await page.fill('[name=user_code]', userCode.toLowerCase())
  await page.keyboard.press('Enter')
  await page.waitForSelector('button[value=allow]')
  return page
}

/** How each page is come by, and its heading in English. */
const COMPARE = { heading: 'Connect Living room TV?', open: comparing }
const PAGES: Readonly<Record<string, typeof COMPARE>> = {
  'device-code': { heading: 'Connect a device', open: (context) => visit(context, '/device') },
  'device-code-carried': {
    heading: 'Connect a device',
    open: async (context) => visit(context, `/device?user_code=${(await begin()).user_code}`),
  },
  'device-code-unknown': {
    heading: 'Connect a device',
    async open(context) {
      const page = await visit(context, '/device')
      await page.fill('[name=user_code]', 'BCDF-GHJK')
      await page.click('button[type=submit]')
      await page.waitForSelector('[aria-invalid]')
      return page
    },
  },
  'device-denied': {
    heading: 'Nothing was connected',
    async open(context) {
      const page = await comparing(context)
      await page.click('button[value=deny]')
      return page
    },
  },
  'device-expired': {
    heading: 'This code has expired',
    async open(context) {
      const page = await comparing(context)
      await letTimePass(world.server.databaseUrl, 601, clientId)
      await page.click('button[value=allow]')
      return page
    },
  },
  'device-connected': {
    heading: 'Your device is connected',
    async open(context) {
      const page = await comparing(context)
      await page.click('button[value=allow]')
      await signIn(page)
      // the first language to come by is asked for consent
      if (await page.$('button[value=allow]')) await page.click('button[value=allow]')
      return page
    },
  },
}

describe.skipIf(!browser).each(LANGUAGES)('in %s', (locale) => {
  test.each([...pagesIn(locale, PAGES), ['device-compare', COMPARE] as const])(
    'the page %s is readable, reachable and fits a phone',
    async (name, way) => {
      if (!browser) throw new Error('there is no browser')
      const context = await browser.newContext({ locale, viewport: DESKTOP })
      const page = await way.open(context)
      expect(await page.getAttribute('html', 'lang')).toBe(locale)
      if (locale === 'en') expect(await page.textContent('h1')).toBe(way.heading)
      if (locale === MARKED) expect(await outsideCatalogue(page, DATA)).toEqual([])
      const faults = await faultsOf(page, `${name}-${locale}`)
      expect(faults).toMatchObject({ accessibility: [], right: 0, rightOfSmallest: 0, layoutShift: 0 })
      // texts that are longer may need to be scrolled
      if (locale !== MARKED) expect(faults.down).toBe(0)
      await context.close()
    },
  )
})

describe.skipIf(!browser)('without script, by keyboard', () => {
  test('a code of a link is compared and sent, and the device gets its tokens', async () => {
    if (!browser) throw new Error('there is no browser')
    const context = await browser.newContext({ locale: 'en', javaScriptEnabled: false })
    const begun = await begin()
    const page = await context.newPage()
    await page.goto(begun.verification_uri_complete)
    expect(await page.inputValue('[name=user_code]')).toBe(begun.user_code)
    expect(new URL(page.url()).pathname).toBe('/device')
    await page.focus('button[type=submit]')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.user-code')
    expect(await page.textContent('.user-code')).toBe(begun.user_code)
    await page.focus('button[value=allow]')
    await page.keyboard.press('Enter')
    await signIn(page)
    if (await page.$('button[value=allow]')) await page.click('button[value=allow]')
    expect(await page.textContent('h1')).toBe('Your device is connected')
    expect((await device.poll(begun)).status).toBe(200)
    await context.close()
  })
})
