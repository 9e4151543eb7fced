/** A live server with an app, an API and a person, for the browser tests. */
import { randomUUID } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { startServer, type Server } from '../support/server.ts'
import { startShop, type Shop } from './shop.ts'

export const API = 'https://api.example.com'
export const EMAIL = 'ada@example.com'
export const SCOPE = 'openid profile email posts:read posts:write'

/** A type of authorization details (RFC 9396), and what the shop asks for with it. */
const PAYMENT = {
  type: 'payment_initiation',
  name: 'Make a payment',
  schema: {
    type: 'object',
    properties: {
      type: true,
      actions: { type: 'array', items: { oneOf: [{ const: 'initiate', title: 'Start it' }, { const: 'status' }] } },
      instructedAmount: {
        title: 'Amount',
        type: 'object',
        properties: { currency: { title: 'Currency' }, amount: { title: 'Sum' } },
      },
      creditorAccount: { title: 'Account of the payee', type: 'object', properties: { iban: { title: 'IBAN' } } },
      remittanceInformation: { title: 'Reference', type: 'string' },
      urgent: { title: 'Urgent', type: 'boolean' },
    },
  },
}
export const PAYMENTS = [
  {
    type: 'payment_initiation',
    actions: ['initiate', 'status'],
    instructedAmount: { currency: 'EUR', amount: '123.50' },
    creditorAccount: { iban: 'MT84MALT011000012345MTLCAST001S' },
    remittanceInformation: 'ref-0123456789-0123456789-0123456789-0123456789-0123456789',
    urgent: true,
  },
  { type: 'payment_initiation', instructedAmount: { currency: 'KRW', amount: '50000' } },
]
/** What pages say of them: the titles of the schema, and values. */
export const PAYMENT_DATA = [
  /^(Make a payment|Start it, status|Amount|(Currency|Sum): .+|Account of the payee|IBAN: .+|Reference|ref-.+|Urgent)$/,
]

export interface World {
  readonly server: Server
  readonly shop: Shop
  readonly client: RegisteredClient
  readonly app: App
  /** An authorization request of the shop; with `prompt=consent` it asks for all of SCOPE each time. */
  request(params?: Record<string, string>): string
  signOutRequest(): string
}

export async function startWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const server = await startServer({ env })
  const [admin, shop] = [await administrator(server), await startShop()]
  await admin.resource(API, [], {
    scopes: [
      { name: 'posts:read', description: 'Read your posts' },
      { name: 'posts:write', description: 'Write, change and delete posts' },
    ],
    authorization_details_types: [PAYMENT],
  })
  await admin.account(EMAIL, PASSWORD)
  const client = await admin.client('web', {
    client_name: 'shop',
    redirect_uris: [shop.callback],
    post_logout_redirect_uris: [`${shop.origin}/bye`],
    policy_uri: `${shop.origin}/privacy`,
    signet_allow: [{ resource: API, scopes: ['posts:read', 'posts:write'] }],
    authorization_details_types: [PAYMENT.type],
  })
  const app = createApp(server, client, shop.callback)
  return {
    server,
    shop,
    client,
    app,
    request: (params = {}) => app.begin({ scope: SCOPE, resource: API, state: randomUUID(), ...params }).url,
    signOutRequest: () =>
      `${server.issuer}/logout?${new URLSearchParams({
        client_id: client.id,
        post_logout_redirect_uri: `${shop.origin}/bye`,
      }).toString()}`,
  }
}

/** Fills in the sign-in page that is open. */
export async function signIn(page: Page, password: string = PASSWORD): Promise<void> {
  await page.fill('[name=identifier]', EMAIL)
  await page.fill('[name=password]', password)
  await page.click('button[type=submit]')
}

/** A page of a browser in which the person is signed in. */
export async function signedInPage(context: BrowserContext, world: World): Promise<Page> {
  const page = await context.newPage()
  await page.goto(world.request({ prompt: 'consent' }))
  await signIn(page)
  return page
}
