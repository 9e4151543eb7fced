/** Every page on the way to a client carries the logo and accent of that client. */
import { beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { type Visit } from '../support/person.ts'
import { CALLBACK, linkOf, type MailWorld, NEW_PASSWORD, startMailWorld } from './mail-world.ts'

const ACCENT = '#0a7d3c'
const LOGO = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`
let world: MailWorld
let app: App

beforeAll(async () => {
  world = await startMailWorld()
  await world.set('open')
  const client = await world.admin.client('web', {
    client_name: 'shop',
    redirect_uris: [CALLBACK],
    signet_logo: LOGO,
    signet_accent: ACCENT,
  })
  app = createApp(world.server, client, CALLBACK)
  await world.admin.call('POST', '/upstreams', {
    id: 'acme',
    name: 'Acme',
    issuer: 'https://acme.example',
    client_id: 'signet',
  })
})

const signInPage = (browser: ReturnType<MailWorld['somebody']>) =>
  browser.visit(app.begin({ prompt: 'login', ui_locales: 'en' }).url)

function expectBrand(page: Visit, heading: string): void {
  expect(page.html).toContain(`<h1>${heading}</h1>`)
  expect(page.html).toContain(`<img src="${LOGO}" alt=""`)
  expect(page.html).toContain(`--accent:${ACCENT}`)
}

test.each([
  ['a password reset', 'Forgot your password?', 'Choose a new password'],
  ['a registration', 'Create an account', 'Your name and password'],
])('the pages of %s do', async (_, way, lastTitle) => {
  const email = world.address()
  if (way !== 'Create an account') await world.admin.account(email, PASSWORD)
  const browser = world.somebody()
  const start = await signInPage(browser)
  expectBrand(start, 'Sign in')
  const asks = await browser.visit(new URL(linkOf(start, way), start.url).href)
  expectBrand(asks, way)
  const codePage = await browser.submit(asks, { email })
  expectBrand(codePage, 'Check your mail')
  expectBrand(await browser.submit(codePage, { code: '00000000' }), 'Check your mail')
  const { code } = await world.mail(email)
  expectBrand(await browser.submit(codePage, { code: ` ${code.slice(0, 4)} ${code.slice(4)}` }), lastTitle)
})

test('the page that asks for a password of one’s own does', async () => {
  const { email } = await world.account({ must_change_password: true })
  const browser = world.somebody()
  const page = await browser.submit(await signInPage(browser), { identifier: email, password: PASSWORD })
  expectBrand(page, 'Choose your own password')
  const again = await browser.submit(page, { current: 'not my password', password: NEW_PASSWORD })
  expectBrand(again, 'Choose your own password')
})

test('the pages about upstream providers do', async () => {
  const browser = world.somebody()
  const start = await signInPage(browser)
  const page = await browser.visit(new URL(linkOf(start, 'Continue with Acme'), start.url).href)
  expectBrand(page, 'Acme does not answer')
})
