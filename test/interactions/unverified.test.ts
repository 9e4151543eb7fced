/** An app that nobody has checked is called so where a person decides about it. */
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator, PASSWORD } from '../support/administrator.ts'
import { createApp } from '../support/app.ts'
import { person, textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example/cb'
const WHO = { identifier: 'ada@example.com', password: PASSWORD }
let server: Server
let admin: Administrator

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  await admin.account(WHO.identifier, WHO.password)
})

test('consent calls it unverified, in the language of the person, until an administrator has checked it', async () => {
  const client = await admin.client('web', { client_name: 'shop', redirect_uris: [CALLBACK], signet_verified: false })
  const app = createApp(server, client, CALLBACK)
  const consent = async (language: string) => {
    const browser = person(() => server)
    const page = await browser.visit(app.begin({ prompt: 'consent', ui_locales: language }).url)
    return textOf((await browser.submit(page, WHO)).html)
  }
  expect(await consent('en')).toContain('Unverified: nobody here has checked who is behind shop')
  expect(await consent('ko')).toContain('확인되지 않은 앱')
  await admin.call('PATCH', `/clients/${client.id}`, { signet_verified: true })
  const checked = await consent('en')
  expect(checked).toContain('Give shop access?')
  expect(checked).not.toContain('Unverified')
})

test('what is neither true nor false is refused, with what would be right', async () => {
  const refused = await admin.ask('POST', '/clients', {
    body: { signet_profile: 'spa', client_name: 'shop', redirect_uris: [CALLBACK], signet_verified: 'no' },
  })
  expect(refused.status).toBe(400)
  expect((refused.body as { errors: unknown[] }).errors).toEqual([
    { field: 'signet_verified', given: 'no', expected: 'true or false' },
  ])
})
