/** At a sign-out the browser loads a page of each app in a frame (OpenID Connect Front-Channel Logout 1.0). */
import { decodeJwt } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person, textOf, type Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const SHOP = 'https://shop.example.com'
const BLOG = 'https://blog.example.com:8443'
const ada = { email: 'ada@example.com', password: PASSWORD }

let server: Server
let admin: Administrator
/** With `iss` and `sid`. */
let shop: App
/** Without. */
let blog: App
let shopId: string
/** Has no page. */
let plain: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(ada.email, ada.password)
  const at = (origin: string) => ({
    redirect_uris: [`${origin}/callback`],
    post_logout_redirect_uris: [`${origin}/bye`],
  })
  const shopClient = await admin.client('web', {
    ...at(SHOP),
    frontchannel_logout_uri: `${SHOP}/signed-out?tenant=a%20b`,
    frontchannel_logout_session_required: true,
  })
  shopId = shopClient.id
  shop = createApp(server, shopClient, `${SHOP}/callback`)
  const blogClient = await admin.client('web', { ...at(BLOG), frontchannel_logout_uri: `${BLOG}/signed-out` })
  blog = createApp(server, blogClient, `${BLOG}/callback`)
  plain = createApp(
    server,
    await admin.client('web', at('https://plain.example.com')),
    'https://plain.example.com/callback',
  )
})

async function signedIn(...apps: readonly App[]) {
  const browser = person(() => server)
  const tokens = []
  for (const app of apps) tokens.push(String((await app.redeem(await app.code(browser, ada))).body['id_token']))
  return { browser, tokens }
}

function framesOf({ html }: Visit): string[] {
  return [...html.matchAll(/<iframe src="([^"]*)" sandbox="allow-scripts allow-same-origin" hidden>/g)].map(
    ([, src = '']) => src.replaceAll('&amp;', '&'),
  )
}

function policyOf({ headers }: Visit): Record<string, string> {
  const policy = headers.get('content-security-policy') ?? ''
  return Object.fromEntries(
    policy.split('; ').map((part) => [part.split(' ', 1)[0], part.slice(part.indexOf(' ') + 1)]),
  )
}

test('discovery announces the front channel, with sessions', async () => {
  const response = await server.fetch('/.well-known/openid-configuration')
  expect(await response.json()).toMatchObject({
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
  })
})

test('the page after a sign-out has a frame for each app of the session, and leads to where the app asked', async () => {
  const { browser, tokens } = await signedIn(shop, blog, plain)
  const query = new URLSearchParams({ client_id: shopId, post_logout_redirect_uri: `${SHOP}/bye`, state: 's 1' })
  const question = await browser.visit(`/logout?${query.toString()}`)
  const page = await browser.submit(question, {}, { name: 'logout', value: 'yes' })
  const { sid = '' } = decodeJwt<{ sid?: string }>(tokens[0] ?? '')
  const own = new URLSearchParams({ iss: server.issuer, sid }).toString()
  expect(framesOf(page).toSorted()).toEqual([`${BLOG}/signed-out`, `${SHOP}/signed-out?tenant=a%20b&${own}`].toSorted())
  expect([page.status, page.headers.get('location')]).toEqual([200, null])
  const target = `${SHOP}/bye?state=s%201`
  expect(page.headers.get('refresh')).toMatch(`0; url=${target.slice(0, -6)}`)
  expect(textOf(page.html)).toContain('You are signed out')
  const link = /<a class="button primary" href="([^"]*)">Continue<\/a>/.exec(page.html)?.[1]
  expect(new URL(link ?? '').searchParams.get('state')).toBe('s 1')
})

test('the policy of that page allows frames of exactly those origins, one script, and nothing else', async () => {
  const { browser } = await signedIn(shop, blog)
  const page = await browser.submit(await browser.visit('/logout'), {}, { name: 'logout', value: 'yes' })
  const policy = policyOf(page)
  expect(policy['frame-src']?.split(' ').toSorted()).toEqual([BLOG, SHOP].toSorted())
  expect(policy['script-src']).toMatch(/^'sha256-[\w+/]{43}='$/)
  expect(policy).toMatchObject({ 'default-src': "'none'", 'frame-ancestors': "'none'", 'base-uri': "'none'" })
  expect(page.headers.get('refresh')).toBe(`0; url=${server.issuer}/logout/success`)
})

test('a sign-out by a hint of the session loads the frames too', async () => {
  const { browser, tokens } = await signedIn(shop)
  const query = new URLSearchParams({ id_token_hint: tokens[0] ?? '', post_logout_redirect_uri: `${SHOP}/bye` })
  const page = await browser.visit(`/logout?${query.toString()}`)
  expect(framesOf(page)).toHaveLength(1)
  expect(page.headers.get('refresh')).toBe(`0; url=${SHOP}/bye`)
})

test('a session of apps without such a page, and one of nobody, are led on at once', async () => {
  const { browser } = await signedIn(plain)
  const done = await browser.submit(
    await browser.visit('/logout'),
    {},
    { name: 'logout', value: 'yes' },
    { follow: false },
  )
  expect([done.status, done.headers.get('refresh')]).toEqual([303, null])
  const query = new URLSearchParams({ client_id: shopId, post_logout_redirect_uri: `${SHOP}/bye` })
  const { left } = await browser.visit(`/logout?${query.toString()}`)
  expect(left?.href).toBe(`${SHOP}/bye`)
})

test('a disabled app has no frame', async () => {
  const client = await admin.client('web', {
    redirect_uris: ['https://gone.example.com/callback'],
    frontchannel_logout_uri: 'https://gone.example.com/signed-out',
  })
  const { browser } = await signedIn(createApp(server, client, 'https://gone.example.com/callback'), blog)
  await admin.call('POST', `/clients/${client.id}/disable`)
  const page = await browser.submit(await browser.visit('/logout'), {}, { name: 'logout', value: 'yes' })
  expect(framesOf(page)).toEqual([`${BLOG}/signed-out`])
})
