/** The pages of registration, reset and invitation in Chromium, in both languages: read, reached, sent without script. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { openBrowser } from '../support/browser.ts'
import { devMail } from '../support/dev-mail.ts'
import { LANGUAGES, MARKED, outsideCatalogue, pagesIn, SPEAKS_MARKED } from './languages.ts'
import { DESKTOP, faultsOf } from './looks.ts'
import { startWorld, type World } from './world.ts'

const browser = await openBrowser()
const NEW_PASSWORD = 'seven purple lanterns drift'

let world: World
let admin: Administrator
let people = 0

beforeAll(async () => {
  if (!browser) return
  world = await startWorld(SPEAKS_MARKED)
  admin = await administrator(world.server)
  await admin.call('PATCH', '/settings', { registration: { mode: 'open' } })
})

interface Way {
  readonly heading: string
  open(context: BrowserContext): Promise<Page>
}

const address = () => `reader${people++}@example.com`

const PAGES: Readonly<Record<string, Way>> = {
  'sign-in-open': { heading: 'Sign in', open: (context) => visit(context, world.request()) },
  forgot: { heading: 'Forgot your password?', open: (context) => asked(context, 'forgot') },
  'forgot-wrong': { heading: 'Forgot your password?', open: (context) => asked(context, 'forgot', 'nobody') },
  'forgot-code': { heading: 'Check your mail', open: (context) => asked(context, 'forgot', address()) },
  'forgot-code-wrong': {
    heading: 'Check your mail',
    async open(context) {
      const page = await asked(context, 'forgot', address())
      await send(page, { code: '00000000' })
      return page
    },
  },
  'forgot-password': { heading: 'Choose a new password', open: (context) => proven(context, 'forgot') },
  register: { heading: 'Create an account', open: (context) => asked(context, 'register') },
  'register-account': { heading: 'Your name and password', open: (context) => proven(context, 'register') },
  'register-account-wrong': {
    heading: 'Your name and password',
    async open(context) {
      const page = await proven(context, 'register')
      await send(page, { password: 'short' })
      return page
    },
  },
  'change-password': {
    heading: 'Choose your own password',
    async open(context) {
      const email = address()
      await admin.account(email, PASSWORD, { must_change_password: true })
      const page = await visit(context, world.request())
      await send(page, { identifier: email, password: PASSWORD })
      return page
    },
  },
  'reset-link': { heading: 'Choose a new password', open: async (context) => visit(context, await resetLink()) },
  'reset-link-done': {
    heading: 'Your password is changed',
    async open(context) {
      const page = await visit(context, await resetLink())
      await send(page, {})
      await send(page, { password: NEW_PASSWORD })
      return page
    },
  },
  'reset-link-over': {
    heading: 'This link does not work any more',
    open: (context) => visit(context, `${world.server.issuer}/reset-password`),
  },
  invitation: { heading: 'You are invited', open: async (context) => visit(context, await invitationLink()) },
}

describe.skipIf(!browser).each(LANGUAGES)('in %s', (locale) => {
  test.each(pagesIn(locale, PAGES))('the page %s is readable, reachable and fits a phone', async (name, way) => {
    const context = await newContext({ locale })
    const page = await way.open(context)
    expect(await page.getAttribute('html', 'lang')).toBe(locale)
    if (locale === 'en') expect((await page.textContent('h1'))?.trim()).toBe(way.heading)
    if (locale === MARKED) expect(await outsideCatalogue(page)).toEqual([])
    const faults = await faultsOf(page, `${name}-${locale}`)
    expect(faults).toMatchObject({ accessibility: [], right: 0, rightOfSmallest: 0, layoutShift: 0 })
    // texts that are longer may need to be scrolled
    if (locale !== MARKED) expect(faults.down).toBe(0)
    await context.close()
  })
})

describe.skipIf(!browser)('without script', () => {
  test('a person registers, forgets the password, resets it and comes back to the app', async () => {
    const context = await newContext({ locale: 'en', javaScriptEnabled: false })
    const email = address()
    const page = await visit(context, world.request())
    await page.click('text=Create an account')
    await send(page, { email })
    await send(page, { code: (await devMail(world.server, email, '/confirm-email')).code })
    await send(page, { name: 'Ada Lovelace', password: NEW_PASSWORD })
    expect(await page.textContent('h1')).toBe('Give shop access?')
    await page.goto(world.request({ prompt: 'login' }))
    await page.click('text=Forgot your password?')
    await send(page, { email })
    await send(page, { code: (await devMail(world.server, email, '/reset-password')).code })
    await send(page, { password: `${NEW_PASSWORD} again` })
    await page.click('button[value=allow]')
    await page.waitForURL(`${world.shop.callback}?**`)
    await context.close()
  })

  test('by keyboard alone a new password is asked for and set', async () => {
    const context = await newContext({ locale: 'en', javaScriptEnabled: false })
    const email = address()
    await admin.account(email, PASSWORD)
    const page = await asked(context, 'forgot')
    await page.waitForSelector('[name=email]:focus')
    await page.keyboard.type(email)
    await page.keyboard.press('Enter')
    await page.waitForSelector('[name=code]:focus')
    await page.keyboard.type((await devMail(world.server, email, '/reset-password')).code)
    await page.keyboard.press('Enter')
    await page.waitForSelector('[name=password]:focus')
    await page.keyboard.type(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForSelector('[name=decision]')
    await context.close()
  })
})

async function newContext(options: { locale: string; javaScriptEnabled?: boolean }): Promise<BrowserContext> {
  return (browser as Browser).newContext({ viewport: DESKTOP, ...options })
}

async function visit(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** Fills in the form of the page and sends it by its first button. */
async function send(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value)
  await page.click('button[type=submit]')
}

/** The page that asks for the address, or the one after it. */
async function asked(context: BrowserContext, kind: 'forgot' | 'register', email?: string): Promise<Page> {
  const page = await visit(context, world.request())
  await page.goto(`${new URL(page.url()).origin}${new URL(page.url()).pathname}/${kind}`)
  if (email !== undefined) await send(page, { email })
  return page
}

/** The page after the right code. */
async function proven(context: BrowserContext, kind: 'forgot' | 'register'): Promise<Page> {
  const email = address()
  if (kind === 'forgot') await admin.account(email, PASSWORD)
  const page = await asked(context, kind, email)
  const path = kind === 'forgot' ? '/reset-password' : '/confirm-email'
  await send(page, { code: (await devMail(world.server, email, path)).code })
  return page
}

async function resetLink(): Promise<string> {
  const email = address()
  const sub = await admin.account(email, PASSWORD)
  await admin.call('POST', `/accounts/${sub}/reset-password`)
  return (await devMail(world.server, email, '/reset-password')).link
}

async function invitationLink(): Promise<string> {
  const email = address()
  const { sub } = await admin.call<{ sub: string }>('POST', '/accounts', { email, name: 'Ada Lovelace' })
  await admin.call('POST', `/accounts/${sub}/invite`)
  return (await devMail(world.server, email, '/invitation')).link
}
