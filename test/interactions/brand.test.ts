/** Pages carry the name, mark, colour and links that an administrator sets, on every process, under the same policy. */
import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServers } from '../support/server.ts'
import { SOON_MS } from '../support/eventually.ts'

const CALLBACK = 'https://shop.example/cb'
const LOGO = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')}`
let second: Server
let admin: Administrator
let app: App

beforeAll(async () => {
  const [first, other] = (await startServers(2)) as [Server, Server]
  second = other
  admin = await administrator(first)
  app = createApp(second, await admin.client('web', { redirect_uris: [CALLBACK] }), CALLBACK)
})

const signInPage = () => person(() => second).visit(app.begin().url)
/** Sets the brand on the first process and waits until the pages of the second have its name. */
const set = async (brand: Record<string, string | null>) => {
  await admin.call('PATCH', '/settings', { brand })
  const shown = async () => /<title>Sign in · (.*?)<\/title>/.exec((await signInPage()).html)?.[1]
  const name = brand['name'] ?? 'Signet'
  await expect.poll(shown, { timeout: SOON_MS }).toBe(name.replaceAll('&', '&amp;'))
}

test('name, mark, colour and links are on the pages of the other process within a second', async () => {
  expect((await signInPage()).html).toContain('<title>Sign in · Signet</title>')
  await set({ name: 'Acme & Söhne', logo: LOGO, accent: '#ffcc00', support_url: 'https://acme.example/help' })
  const { html, headers } = await signInPage()
  expect(html).toContain('<title>Sign in · Acme &amp; Söhne</title>')
  expect(html).toContain(`<img src="${LOGO}" alt=""`)
  expect(html).toMatch(/<a href="https:\/\/acme\.example\/help"[^>]*>Help<\/a>/)
  const styles = [...html.matchAll(/<style>([^]*?)<\/style>/g)].map(([, css = '']) => css)
  expect(styles).toHaveLength(2)
  expect(styles[1]).toContain('--accent:')
  const policy = headers.get('content-security-policy') ?? ''
  for (const css of styles) expect(policy).toContain(`'sha256-${createHash('sha256').update(css).digest('base64')}'`)
  expect(policy).not.toContain('unsafe-inline')
  const korean = await person(() => second).visit(app.begin({ ui_locales: 'ko' }).url)
  expect(textOf(korean.html)).toContain('도움말')
})

test('errors carry it too, and null takes the mark of Signet again', async () => {
  await set({ name: 'Acme', logo: null, accent: null, support_url: null })
  const error = await person(() => second).visit(`${second.issuer}/no/such/page`)
  expect(error.html).toContain('· Acme</title>')
  const { html } = await signInPage()
  expect(html).not.toContain('<img')
  expect(html).toContain('class="mark"')
  await set({ name: null })
  expect((await signInPage()).html).toContain('· Signet</title>')
})

test('what is no image, colour, link or name is refused, each with what would be right', async () => {
  const refused = await admin.ask('PATCH', '/settings', {
    body: {
      brand: { name: '', logo: 'https://tracker.example/logo.png', accent: 'red', support_url: 'javascript:alert(1)' },
    },
  })
  expect(refused.status).toBe(400)
  const { errors } = refused.body as { errors: { field: string; expected: string }[] }
  expect(Object.fromEntries(errors.map(({ field, expected }) => [field, expected]))).toMatchObject({
    'brand.name': 'a name of 1 to 40 characters',
    'brand.logo': 'a data: URL of a PNG, SVG, WebP or JPEG image in base64, of at most 20,000 characters',
    'brand.accent': 'a colour such as #3a3a8f',
    'brand.support_url': expect.any(String),
  })
})

test("an app's own mark and colour are on the pages that lead to it, and on no others", async () => {
  const shop = await admin.client('web', { redirect_uris: [CALLBACK], signet_logo: LOGO, signet_accent: '#0a7d3c' })
  const page = await person(() => second).visit(createApp(second, shop, CALLBACK).begin().url)
  expect(page.html).toContain(`<img src="${LOGO}" alt=""`)
  expect(page.html).toContain('--accent:#0a7d3c')
  expect((await signInPage()).html).not.toContain('<img')
  const refused = await admin.ask('POST', '/clients', {
    body: {
      signet_profile: 'web',
      redirect_uris: [CALLBACK],
      signet_logo: 'https://a.example/x.png',
      signet_accent: 'red',
    },
  })
  const { errors } = refused.body as { errors: { field: string; expected: string }[] }
  expect(errors).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ field: 'signet_accent', expected: 'a colour such as #3a3a8f' }),
      expect.objectContaining({ field: 'signet_logo', expected: expect.stringContaining('data: URL') }),
    ]),
  )
})
