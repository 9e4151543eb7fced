/** Passkeys in Chromium, with its virtual authenticator: to sign in by the field or the button, and to have some. */
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { openBrowser } from '../support/browser.ts'
import { enrolPasskey } from '../support/live-passkey.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually } from '../support/eventually.ts'
import { virtualAuthenticator } from '../support/virtual-authenticator.ts'
import { startPasskeyPages } from './passkey-pages.ts'
import { signIn, startWorld, type World } from './world.ts'
import { atMost } from '../support/time-limits.ts'

const BUTTON = 'form[data-ceremony] button'
const WORDS = {
  en: { signIn: 'Sign in with a passkey', failed: 'No passkey was used. Try again, or sign in another way.' },
  ko: {
    signIn: '패스키로 로그인',
    failed: '패스키를 사용하지 않았어요. 다시 시도하거나 다른 방법으로 로그인해 주세요.',
  },
} as const
/** A browser that knows passkeys and offers none on a field. */
const WITHOUT_OFFERS = 'PublicKeyCredential.isConditionalMediationAvailable = async () => false'

const browser = await openBrowser()

let world: World
let context: BrowserContext | undefined
let people = 0

beforeAll(async () => {
  if (browser) world = await startWorld()
})

afterEach(async () => {
  await context?.close()
  context = undefined
})

async function newPage(options: { scripted?: boolean; locale?: string; offers?: boolean } = {}): Promise<Page> {
  if (!browser) throw new Error('there is no browser')
  const { locale = 'en', offers = false, scripted = true } = options
  context = await browser.newContext({ javaScriptEnabled: scripted, locale })
  if (!offers) await context.addInitScript(WITHOUT_OFFERS)
  return context.newPage()
}

/** A person with a passkey that the page's authenticator keeps. */
async function personWithPasskey(page: Page) {
  const admin = await administrator(world.server)
  people += 1
  const sub = await admin.account(`passkey-${people}@example.com`, PASSWORD)
  const passkey = await enrolPasskey(world.server, sub)
  const device = await virtualAuthenticator(page)
  await device.keep(passkey)
  return { sub, passkey, device, admin }
}

describe.skipIf(!browser)('to sign in', () => {
  test.each(['en', 'ko'] as const)('a person presses the button and is through, in %s', async (locale) => {
    const page = await newPage({ locale })
    const { sub, admin } = await personWithPasskey(page)
    await page.goto(world.request({ prompt: 'login consent' }))
    expect(await page.textContent(BUTTON)).toBe(WORDS[locale].signIn)
    await page.click(BUTTON)
    await page.waitForSelector('button[value=allow]')
    const [event] = await admin.audit('sign_in.succeeded')
    expect(event).toMatchObject({ account_id: sub, detail: { method: 'passkey' } })
    await page.click('button[value=allow]')
    await page.waitForURL(`${world.shop.callback}?**`)
    expect(new URL(page.url()).searchParams.get('code')).not.toBeNull()
  })

  test('a person takes what the browser offers on the field, and neither types nor presses anything', async () => {
    const page = await newPage({ offers: true })
    await personWithPasskey(page)
    await page.goto(world.request({ prompt: 'login consent' }))
    await page.waitForSelector('button[value=allow]')
  })

  test.each(['en', 'ko'] as const)(
    'a person without a passkey is told so, and goes on with the password, in %s',
    async (locale) => {
      const page = await newPage({ locale })
      await virtualAuthenticator(page)
      await page.goto(world.request({ prompt: 'login consent' }))
      await page.click(BUTTON)
      await page.waitForSelector(`text=${WORDS[locale].failed}`)
      expect(await faults(page)).toEqual([])
      await signIn(page)
      await page.waitForSelector('button[value=allow]')
    },
  )

  test('V30: a device that does not verify its person is of no use', async () => {
    const page = await newPage()
    const { device } = await personWithPasskey(page)
    await device.setVerified(false)
    await page.goto(world.request({ prompt: 'login consent' }))
    await page.click(BUTTON)
    await page.waitForSelector(`text=${WORDS.en.failed}`)
  })

  test('a passkey that the server does not know any more is refused, and the page can be used on', async () => {
    const page = await newPage()
    const { sub, admin } = await personWithPasskey(page)
    await page.goto(world.request({ prompt: 'login consent' }))
    await admin.call('DELETE', `/accounts/${sub}`)
    await page.click(BUTTON)
    await page.waitForSelector('text=That passkey could not be used.')
    expect(await page.title()).toBe('Error: Sign in · Signet')
    await signIn(page)
    await page.waitForSelector('button[value=allow]')
  })

  test('a page that was open for longer than a challenge lives gets another one first', async () => {
    const page = await newPage()
    await personWithPasskey(page)
    await page.clock.install()
    await page.goto(world.request({ prompt: 'login consent' }))
    const renewed = page.waitForResponse(/\/passkey\/options$/)
    await page.clock.fastForward('04:15')
    const { challenge } = (await (await renewed).json()) as { challenge: string }
    const sent = page.waitForRequest((request) => request.method() === 'POST')
    await page.click(BUTTON)
    const form = new URLSearchParams((await sent).postData() ?? '')
    const { response } = JSON.parse(form.get('credential') ?? '{}') as { response: { clientDataJSON: string } }
    const clientData = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()) as object
    expect(clientData).toMatchObject({ challenge })
    await page.waitForSelector('button[value=allow]')
  })

  test('without script there is no such button, and the password signs in', async () => {
    const page = await newPage({ scripted: false, offers: true })
    await page.goto(world.request({ prompt: 'login consent' }))
    expect(await page.isVisible(BUTTON)).toBe(false)
    await signIn(page)
    await page.waitForSelector('button[value=allow]')
  })

  test('a page that asks for a passkey alone has one button for it, or says what is missing', async () => {
    const page = await newPage()
    await personWithPasskey(page)
    await page.goto(world.request({ prompt: 'login', acr_values: 'urn:signet:acr:passkey' }))
    await page.fill('[name=identifier]', `passkey-${people}@example.com`)
    await page.fill('[name=password]', PASSWORD)
    await page.click('button[type=submit]')
    await page.waitForSelector('h1:text("Confirm with your passkey")')
    const missing = page.locator('text=A passkey needs JavaScript and a browser that knows passkeys.')
    expect(await missing.isVisible()).toBe(false)
    expect(await faults(page)).toEqual([])
    await page.addInitScript('delete window.PublicKeyCredential')
    await page.reload()
    expect(await missing.isVisible()).toBe(true)
    expect(await page.isVisible(BUTTON)).toBe(false)
  })

  test('a browser that knows no passkeys shows no such button', async () => {
    const page = await newPage({ offers: true })
    await page.addInitScript('delete window.PublicKeyCredential')
    await page.goto(world.request({ prompt: 'login consent' }))
    expect(await page.isVisible('button[type=submit]')).toBe(true)
    expect(await page.isVisible(BUTTON)).toBe(false)
  })

  test('the keyboard reaches the button after the password', async () => {
    const page = await newPage()
    await page.goto(world.request({ prompt: 'login consent' }))
    await page.focus('[name=password]')
    for (const expected of ['Sign in', WORDS.en.signIn]) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe(expected)
    }
  })
})

describe.skipIf(!browser)('the parts for the page of an account', () => {
  test('add passkeys, name them anew and remove them, and each that is there signs in', async () => {
    const page = await newPage()
    const device = await virtualAuthenticator(page)
    const { account, origin, passkeys } = await startPasskeyPages((await cloneDatabase()).url, 'ada@example.com')
    await page.goto(origin)
    expect(await page.isVisible('text=This browser cannot make passkeys.')).toBe(false)
    await page.fill('form[data-ceremony] [name=name]', 'Laptop')
    await page.click(BUTTON)
    await page.waitForSelector('h1:text("added")')
    expect(await device.kept()).toHaveLength(1)
    expect(await passkeys.list(account.id)).toMatchObject([{ name: 'Laptop', synced: false }])
    // the authenticator has one of this account already
    await page.click(BUTTON)
    await page.waitForSelector('text=This device has a passkey for your account already.')

    await page.goto(`${origin}/in`)
    await page.click(BUTTON)
    await page.waitForSelector('h1:text("ada@example.com by hwk user mfa")')
    await page.goto(origin)
    expect(await page.textContent('li .small')).toMatch(/^On one device · Added on .+ · Last used on .+/)
    await page.click('summary:text("Rename Laptop")')
    await page.fill('details [name=name]', 'Old laptop')
    await page.click('button[value=rename]')
    await page.waitForSelector('h1:text("renamed")')
    await page.click('summary:text("Remove Old laptop")')
    await page.click('button[value=remove]')
    await page.waitForSelector('h1:text("removed")')
    await page.waitForSelector('text=You have no passkey yet.')
    // and the browser, which was told, has forgotten it
    await eventually(async () => (await device.kept()).length === 0, atMost(5000))
  })

  test.each(['en', 'ko'] as const)('are without a fault that axe finds, in %s', async (locale) => {
    const page = await newPage({ locale })
    await virtualAuthenticator(page)
    const { origin } = await startPasskeyPages((await cloneDatabase()).url, `${locale}@example.com`)
    await page.goto(origin)
    await page.click(BUTTON)
    await page.waitForSelector('h1:text("added")')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await faults(page)).toEqual([])
    }
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
  })

  test('offer nothing where the address is of numbers, which can have no passkeys', async () => {
    const page = await newPage()
    const { origin } = await startPasskeyPages((await cloneDatabase()).url, 'ada@example.com')
    await page.goto(origin.replace('localhost', '127.0.0.1'))
    expect(await page.isVisible('text=This browser cannot make passkeys.')).toBe(true)
    expect(await page.isVisible(BUTTON)).toBe(false)
  })

  test('say without script that passkeys cannot be made here', async () => {
    const page = await newPage({ scripted: false, offers: true })
    const { origin } = await startPasskeyPages((await cloneDatabase()).url, 'ada@example.com')
    await page.goto(origin)
    expect(await page.isVisible('text=This browser cannot make passkeys.')).toBe(true)
    expect(await page.isVisible(BUTTON)).toBe(false)
  })
})

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
