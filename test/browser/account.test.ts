/** What a person does at their own page in Chromium: with a passkey of its virtual authenticator, and without script. */
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { openBrowser } from '../support/browser.ts'
import { virtualAuthenticator } from '../support/virtual-authenticator.ts'
import { startWorld, type World } from './world.ts'

const WORDS = {
  en: {
    add: 'Add a passkey',
    added: 'Your passkey is added.',
    renamed: 'Your passkey has its new name.',
    removed: 'Your passkey is removed.',
    signIn: 'Sign in with a passkey',
    wantsScript: 'This browser cannot make passkeys.',
  },
  ko: {
    add: '패스키 추가',
    added: '패스키를 추가했어요.',
    renamed: '패스키 이름을 바꿨어요.',
    removed: '패스키를 삭제했어요.',
    signIn: '패스키로 로그인',
    wantsScript: '이 브라우저에서는 패스키를 만들 수 없어요.',
  },
} as const

/** A browser that knows passkeys and offers none on a field, where the virtual authenticator would answer at once. */
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

/** A page on which somebody new has just signed in to their account. */
async function signedIn(options: { locale: string; scripted?: boolean }): Promise<{ page: Page; email: string }> {
  if (!browser) throw new Error('there is no browser')
  people += 1
  const email = `own-${people}@example.com`
  await (await administrator(world.server)).account(email, PASSWORD)
  context = await browser.newContext({ locale: options.locale, javaScriptEnabled: options.scripted ?? true })
  await context.addInitScript(WITHOUT_OFFERS)
  const page = await context.newPage()
  page.setDefaultTimeout(5000)
  await page.goto(`${world.server.issuer}/account`)
  await page.fill('[name=identifier]', email)
  await page.fill('[name=password]', PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForURL('**/account')
  return { page, email }
}

const account = (path: string) => `${world.server.issuer}/account${path}`
const said = (page: Page) => page.locator('[role=status]').textContent()

describe.skipIf(!browser).each(['en', 'ko'] as const)('in %s', (locale) => {
  const words = WORDS[locale]

  test('a person adds a passkey, signs in with it, names it anew and removes it', async () => {
    const { page } = await signedIn({ locale })
    const device = await virtualAuthenticator(page)
    await page.goto(account('/passkeys'))
    await page.fill('#passkey-name', 'Laptop')
    await page.getByRole('button', { name: words.add }).click()
    await page.waitForURL('**/passkeys?done=passkeyAdded')
    expect(await said(page)).toContain(words.added)
    expect(await device.kept()).toHaveLength(1)

    await page.goto(`${world.server.issuer}/logout`)
    await page.click('button[type=submit]')
    await page.goto(account('/passkeys'))
    await page.getByRole('button', { name: words.signIn }).click()
    await page.waitForURL('**/account/passkeys')
    expect(await page.locator('.rows strong').textContent()).toBe('Laptop')

    await page.locator('main details summary').first().click()
    await page.locator('[id^=name-of-]').fill('Old laptop')
    await page.locator('button[value=rename]').click()
    expect(await said(page)).toContain(words.renamed)
    await page.locator('main details summary').nth(1).click()
    await page.locator('button[value=remove]').click()
    expect(await said(page)).toContain(words.removed)
    expect(await page.locator('.rows').count()).toBe(0)
  })

  test('without script everything but a passkey is done as well', async () => {
    const { page, email } = await signedIn({ locale, scripted: false })
    await page.goto(account('/passkeys'))
    expect(await page.locator('[data-without-passkeys]').textContent()).toContain(words.wantsScript)
    await page.goto(account('/profile'))
    await page.fill('#nickname', 'Countess')
    await page.locator('main button[type=submit]').click()
    await page.locator('[role=status]').waitFor()
    expect(await page.inputValue('#nickname')).toBe('Countess')
    await page.goto(account('/authenticator'))
    await page.locator('main button[type=submit]').click()
    await page.locator('.qr svg').waitFor()
    await page.goto(account('/password'))
    await page.fill('#current', PASSWORD)
    await page.fill('#next', 'plum orchid canyon lattice')
    await page.fill('#again', 'plum orchid canyon lattice')
    await page.locator('main button[type=submit]').click()
    await page.locator('[role=status]').waitFor()
    await page.goto(account('/data'))
    await page.locator('main summary').click()
    await page.fill('#email', email)
    await page.locator('main button.danger').click()
    expect(await page.locator('.rail').count()).toBe(0)
    await page.goto(account(''))
    expect(page.url()).toContain('/interaction/')
  })
})

test.skipIf(!browser)('the way through the page by keyboard begins with the content, past the rail', async () => {
  const { page } = await signedIn({ locale: 'en' })
  await page.goto(account('/sessions'))
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.className')).toBe('skip')
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.hash === '#content')
})
