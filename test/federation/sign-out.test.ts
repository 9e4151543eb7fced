/** A sign-out here that leads on to the provider's, and comes back. */
import { beforeAll, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { createApp, type App } from '../support/app.ts'
import {
  addUpstream,
  APP_CALLBACK,
  begin,
  type FederatedWorld,
  somebodyThere,
  startFederatedWorld,
  twoSided,
} from '../support/federated-world.ts'
import { textOf, type Visit } from '../support/person.ts'

const AFTER = 'https://shop.example/bye'
let world: FederatedWorld
let app: App
let clientId: string
/** Has a page that is loaded in a frame at sign-out. */
let framed: App

beforeAll(async () => {
  world = await startFederatedWorld()
  await addUpstream(world, 'leading', { just_in_time: true, logout: true })
  await addUpstream(world, 'staying', { just_in_time: true })
  const client = await world.admin.client('web', {
    redirect_uris: [APP_CALLBACK],
    post_logout_redirect_uris: [AFTER],
  })
  clientId = client.id
  app = createApp(world.here, client, APP_CALLBACK)
  const withFrame = await world.admin.client('web', {
    redirect_uris: [APP_CALLBACK],
    frontchannel_logout_uri: new URL('/signed-out', APP_CALLBACK).href,
  })
  framed = createApp(world.here, withFrame, APP_CALLBACK)
})

let people = 0
async function signedIn(id: string, at = app) {
  people += 1
  const who = await somebodyThere(world, `leaving-${people}@example.com`)
  const browser = twoSided(world)
  const page = await browser.here.visit(at.begin({ ui_locales: 'en' }).url)
  const back = await browser.there.authorize((await begin(browser, page, id)).href, who)
  const consent = await browser.here.visit(back.href)
  await browser.here.submit(consent, {}, { name: 'decision', value: 'allow' })
  return browser
}

const question = (browser: ReturnType<typeof twoSided>): Promise<Visit> =>
  browser.here.visit(
    `/logout?${new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: AFTER, state: 'its-own' }).toString()}`,
  )

test('leads to the provider, which signs out too, and from there to where the app asked', async () => {
  const browser = await signedIn('leading')
  const page = await question(browser)
  // Chromium follows redirects of a form to named places alone
  expect(page.headers.get('content-security-policy')).toContain(`http://localhost:*`)
  const { left } = await browser.here.submit(page, {}, { name: 'logout', value: 'yes' })
  expect(left?.href).toMatch(`${world.there.issuer}/logout?`)
  const there = await browser.there.visit(String(left?.href))
  expect(textOf(there.html)).toContain('Sign out?')
  const back = await browser.there.submit(there, {}, { name: 'logout', value: 'yes' })
  expect(back.left?.href).toMatch(`${world.here.issuer}/upstream/signed-out?state=`)
  const last = await browser.here.visit(String(back.left?.href))
  expect(last.left?.href).toBe(`${AFTER}?state=its-own`)
  // signed out on both sides
  expect((await browser.here.visit(app.begin().url)).html).toContain('name="password"')
})

test('signs the person out of apps by frames first, and leads to the provider from there', async () => {
  const browser = await signedIn('leading', framed)
  const page = await browser.here.submit(await question(browser), {}, { name: 'logout', value: 'yes' })
  expect(page.html).toContain(`<iframe src="${new URL('/signed-out', APP_CALLBACK).href}"`)
  expect(page.headers.get('refresh')).toContain(`0; url=${world.there.issuer}/logout?`)
})

test('ends here where the provider is not asked to, and where the person signed in another way', async () => {
  const staying = await signedIn('staying')
  const done = await staying.here.submit(await question(staying), {}, { name: 'logout', value: 'yes' })
  expect(done.left?.href).toBe(`${AFTER}?state=its-own`)

  const browser = await signedIn('leading')
  await world.admin.account('local@example.com', PASSWORD)
  const again = await browser.here.visit(app.begin({ prompt: 'login', ui_locales: 'en' }).url)
  await browser.here.submit(again, { identifier: 'local@example.com', password: PASSWORD })
  const ended = await browser.here.submit(await question(browser), {}, { name: 'logout', value: 'yes' })
  expect(ended.left?.href).toBe(`${AFTER}?state=its-own`)
})

test('leads nowhere by a state that is none', async () => {
  for (const state of [
    '',
    'x',
    Buffer.from(JSON.stringify({ returnTo: 'https://evil.example' })).toString('base64url'),
  ]) {
    const answer = await world.here.fetch(`/upstream/signed-out?state=${state}`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
  }
})

test('a provider that cannot be asked keeps nobody from signing out here', async () => {
  const browser = await signedIn('leading')
  await world.there.stop()
  await world.admin.call('PATCH', '/upstreams/leading', { name: 'Read anew' })
  const done = await browser.here.submit(await question(browser), {}, { name: 'logout', value: 'yes' })
  expect(done.left?.href).toBe(`${AFTER}?state=its-own`)
})
