/** Every page of a person's account in Chromium, in both languages: pictures, accessibility, room on a phone. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { authenticatorApp } from '../support/authenticator-app.ts'
import { codeIn, devMails } from '../support/dev-mail.ts'
import { DELIVERED_MS, eventually } from '../support/eventually.ts'
import { asSuperuser } from '../support/postgres.ts'
import { follow, keepScreenshot, openBrowser } from '../support/browser.ts'
import { enrolPasskey } from '../support/live-passkey.ts'
import { LANGUAGES, MARKED, outsideCatalogue, pagesIn, SPEAKS_MARKED } from './languages.ts'
import { accessibilityFaults, DESKTOP, faultsOf, PHONE } from './looks.ts'
import { PAYMENT_DATA, PAYMENTS, SCOPE, startWorld, type World } from './world.ts'

const TELEPHONE =
  'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36'

/** Addresses, times, apps, devices, and secrets that are shown once. */
const DATA = [
  /^(ada|grace)-eo@example\.com$/,
  / UTC$/,
  /^127\.0\.0\.1$/,
  /^(shop|\(Posts\)|Telephone)$/,
  /^Chrome · (Linux|Android)$/,
  /^[0-9A-Z]{4}([ -][0-9A-Z]{4})+$/,
  ...PAYMENT_DATA,
]

const browser = await openBrowser()

let world: World

beforeAll(async () => {
  if (browser) world = await startWorld(SPEAKS_MARKED)
})

/** `grace` has an app that she let in, also to make a payment, a passkey and an authenticator app; `ada` has a password. */
type Who = 'ada' | 'grace'

interface Way {
  readonly who: Who
  readonly path: string
  /** In English. */
  readonly heading: string
  /** What the person does on the page. */
  act?(page: Page): Promise<void>
}

const press = (text: RegExp) => async (page: Page) => page.getByRole('button', { name: text }).first().click()

/** In this order: what one does on a page is seen on those after it. */
const PAGES: Readonly<Record<string, Way>> = {
  overview: { who: 'grace', path: '', heading: 'Hello, Grace Hopper' },
  profile: { who: 'ada', path: '/profile', heading: 'Profile' },
  'profile-faults': {
    who: 'ada',
    path: '/profile',
    heading: 'Profile',
    async act(page) {
      await page.fill('#birthdate', '23.4.1990')
      await page.fill('#website', 'javascript:alert(1)')
      await press(/profile|프로필/i)(page)
    },
  },
  email: { who: 'grace', path: '/email', heading: 'E-mail address' },
  'email-sent': { who: 'ada', path: '/email', heading: 'E-mail address', act: press(/code|코드/) },
  password: { who: 'ada', path: '/password', heading: 'Password' },
  'password-wrong': {
    who: 'ada',
    path: '/password',
    heading: 'Password',
    async act(page) {
      await page.fill('#current', 'not the password')
      await page.fill('#next', 'plum orchid canyon lattice')
      await page.fill('#again', 'plum orchid canyon lattice')
      await press(/password|비밀번호/i)(page)
    },
  },
  passkeys: { who: 'grace', path: '/passkeys', heading: 'Passkeys' },
  'passkeys-none': { who: 'ada', path: '/passkeys', heading: 'Passkeys' },
  authenticator: { who: 'grace', path: '/authenticator', heading: 'Authenticator app' },
  'authenticator-none': { who: 'ada', path: '/authenticator', heading: 'Authenticator app' },
  'authenticator-set-up': { who: 'ada', path: '/authenticator', heading: 'Authenticator app', act: press(/app|앱/) },
  'recovery-codes': { who: 'grace', path: '/recovery-codes', heading: 'Recovery codes' },
  'recovery-codes-none': { who: 'ada', path: '/recovery-codes', heading: 'Recovery codes' },
  'recovery-codes-shown': {
    who: 'grace',
    path: '/recovery-codes',
    heading: 'Recovery codes',
    act: press(/codes|코드/),
  },
  sessions: { who: 'grace', path: '/sessions', heading: 'Signed-in browsers' },
  apps: { who: 'grace', path: '/apps', heading: 'Apps with access' },
  'apps-none': { who: 'ada', path: '/apps', heading: 'Apps with access' },
  activity: { who: 'grace', path: '/activity', heading: 'Recent activity' },
  data: { who: 'ada', path: '/data', heading: 'Your data' },
  'data-deletion': {
    who: 'ada',
    path: '/data',
    heading: 'Your data',
    act: (page) => page.locator('main summary').last().click(),
  },
  'lost-nothing': { who: 'ada', path: '/lost', heading: 'Lost passkey or authenticator app' },
  'confirm-first': {
    who: 'ada',
    path: '/password',
    heading: 'Password',
    async act(page) {
      await age(await page.textContent('.out p'))
      await page.reload()
    },
  },
}

const NO_FAULTS = { accessibility: [], right: 0, rightOfSmallest: 0, layoutShift: 0 }

/** What a person does at `/account/lost`, one step after another: with recovery codes, a wrong password, and a mail. */
function lostSteps(page: Page, who: string): Readonly<Record<string, () => Promise<void>>> {
  const at = (path: string) => page.goto(`${world.server.issuer}/account${path}`)
  const answer = async (name: string, value: string) => {
    await page.fill(`#${name}`, value)
    await follow(page, page.locator(`form:has(#${name}) button`))
  }
  return {
    async lost() {
      await proved(who)
      await at('/recovery-codes')
      await press(/codes|코드/)(page)
      await at('/lost')
      expect(await page.locator('#recovery').count()).toBe(1)
    },
    'lost-wrong': () => answer('password', 'not the password'),
    'lost-sent': () => answer('password', PASSWORD),
    'lost-waiting': async () => answer('code', await mailedCode(who)),
  }
}

async function mailedCode(who: string): Promise<string> {
  let code = ''
  const look = async () => {
    const mails = await devMails(world.server, who)
    code = mails.map(({ text }) => codeIn(text)).find((each) => each !== '') ?? ''
    return code !== ''
  }
  await eventually(look, DELIVERED_MS, () => `no mail brought a code to ${who}`)
  return code
}

describe.skipIf(!browser).each(LANGUAGES)('in %s', (locale) => {
  const pages = {} as Record<Who, Page>

  beforeAll(async () => {
    pages.ada = await ada(locale)
    pages.grace = await grace(locale)
  })
  afterAll(async () => {
    for (const page of Object.values(pages)) await page.context().close()
  })

  test.each(pagesIn(locale, PAGES))(
    'the account page %s is readable, reachable and fits a phone',
    async (name, way) => {
      const page = pages[way.who]
      await page.setViewportSize(DESKTOP)
      await page.goto(`${world.server.issuer}/account${way.path}`)
      await way.act?.(page)
      expect(await page.getAttribute('html', 'lang')).toBe(locale)
      if (locale === 'en') expect((await page.textContent('h1'))?.trim()).toBe(way.heading)
      if (locale === MARKED) expect(await outsideCatalogue(page, DATA)).toEqual([])
      const faults = await faultsOf(page, `account-${name}-${locale}`)
      expect(faults).toMatchObject(NO_FAULTS)
    },
  )

  test('the page for a lost passkey is readable, reachable and fits a phone at each of its steps', async () => {
    const page = pages.grace
    const steps = lostSteps(page, `grace-${locale}@example.com`)
    // the first step in every language, the others by turns
    const seen = new Set(['lost', ...pagesIn(locale, steps).map(([name]) => name)])
    for (const [name, go] of Object.entries(steps)) {
      await page.setViewportSize(DESKTOP)
      await go()
      expect(await page.getAttribute('html', 'lang')).toBe(locale)
      if (locale === 'en') expect((await page.textContent('h1'))?.trim()).toBe('Lost passkey or authenticator app')
      if (locale === MARKED) expect([name, await outsideCatalogue(page, DATA)]).toEqual([name, []])
      if (!seen.has(name)) continue
      const faults = await faultsOf(page, `account-${name}-${locale}`)
      expect({ name, ...faults }).toMatchObject({ name, ...NO_FAULTS })
    }
  })

  test('the menu of a phone opens without a script and leads to every page', async () => {
    const page = pages.ada
    await page.setViewportSize(PHONE)
    await page.goto(`${world.server.issuer}/account`)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.click('.menu summary')
    await keepScreenshot(page, `account-menu-${locale}-light-phone`)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await page.locator('.menu nav a').count()).toBe(10)
    await page.click('.menu nav a[href$="/account/data"]')
    await page.waitForURL(`${world.server.issuer}/account/data`)
  })
})

async function newPage(locale: string): Promise<Page> {
  if (!browser) throw new Error('there is no browser')
  const context: BrowserContext = await browser.newContext({ locale, viewport: DESKTOP })
  return context.newPage()
}

async function ada(locale: string): Promise<Page> {
  const who = `ada-${locale}@example.com`
  await (await administrator(world.server)).account(who, PASSWORD, { name: 'Ada Lovelace' })
  const page = await newPage(locale)
  await page.goto(`${world.server.issuer}/account`)
  await signIn(page, who)
  return page
}

async function grace(locale: string): Promise<Page> {
  const who = `grace-${locale}@example.com`
  const sub = await (await administrator(world.server)).account(who, PASSWORD, { name: 'Grace Hopper' })
  await signInOnTelephone(who)
  await enrolPasskey(world.server, sub)
  const page = await newPage(locale)
  await letAppIn(page, who)
  // set up since, so that the sign-in did not ask for it
  await authenticatorApp(world.server, sub)
  await proved(who)
  return page
}

async function letAppIn(page: Page, who: string): Promise<void> {
  const details = { authorization_details: JSON.stringify(PAYMENTS.slice(0, 1)) }
  const { url, verifier } = world.app.begin({ scope: `${SCOPE} offline_access`, ...details })
  await page.goto(url)
  await signIn(page, who)
  await page.click('button[value=allow]')
  await page.waitForURL(`${world.shop.callback}?**`)
  await world.app.redeem({ code: String(new URL(page.url()).searchParams.get('code')), verifier })
}

async function signInOnTelephone(who: string): Promise<void> {
  const telephone = await browser?.newContext({ userAgent: TELEPHONE })
  if (!telephone) return
  const page = await telephone.newPage()
  await page.goto(`${world.server.issuer}/account`)
  await signIn(page, who)
  await telephone.close()
}

async function signIn(page: Page, who: string): Promise<void> {
  await page.fill('[name=identifier]', who)
  await page.fill('[name=password]', PASSWORD)
  await follow(page, page.locator('button[type=submit]').first())
}

/** The person proved their passkey just now. */
async function proved(email: string): Promise<void> {
  await change(email, `jsonb_build_object('provenAt', jsonb_build_object('passkey', extract(epoch FROM now())::int))`)
}

/** The person proved nothing lately. */
async function age(email: string | null): Promise<void> {
  await change(email, `jsonb_build_object('provenAt', '{}'::jsonb)`)
}

async function change(email: string | null, members: string): Promise<void> {
  const text = `UPDATE sessions SET payload = payload || ${members}
    WHERE account_id = (SELECT sub FROM accounts WHERE email = $1)`
  await asSuperuser((client) => client.query(text, [email?.trim()]), world.server.databaseUrl)
}
