/** A live server of two processes with people who look after their accounts, and an app that they use. */
import { administrator, PASSWORD, type Administrator } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { devMails } from '../support/dev-mail.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { person, type Person, press, type Visit } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type Server, startServers } from '../support/server.ts'

export const API = 'https://api.example.com/v1'
const CALLBACK = 'https://shop.example/cb'

export interface Somebody {
  readonly sub: string
  readonly email: string
  password: string
}

export interface World {
  readonly first: Server
  readonly second: Server
  readonly admin: Administrator
  readonly app: App
  somebody(also?: Record<string, unknown>): Promise<Somebody>
  /** A browser that is not signed in. */
  browser(): Person
  /** A browser in which they have just signed in to the page; `through` is the process. */
  signedIn(who: Somebody, through?: Server): Promise<Person>
  /** A person without a password, signed in by the first of their passkeys: the page of all of them. */
  passkeyOnly(who: Somebody, count: number): Promise<{ browser: Person; page: Visit }>
  /** Opens a page below `/account`. */
  open(browser: Person, path?: string): Promise<Visit>
  /** Sends the form of the page that `marker` stands in, with its ticked boxes. */
  press(browser: Person, page: Visit, marker: string, fields?: Record<string, string>): Promise<Visit>
  /** The mails to the person so far, newest first. */
  mails(who: Somebody): Promise<{ subject: string; text: string }[]>
  /** The sessions of the account look as if their people had signed in so many seconds earlier. */
  age(who: Somebody, seconds: number): Promise<void>
  /** The newest event of a type that concerns the account. */
  event(who: Somebody, type: string): Promise<Record<string, unknown> | undefined>
}

export async function startWorld(): Promise<World> {
  const [first, second] = (await startServers(2)) as [Server, Server]
  const admin = await administrator(first)
  await admin.resource(API, [], { scopes: [{ name: 'posts:read', description: 'Read your posts' }] })
  const client = await admin.client('web', {
    client_name: 'shop',
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  let people = 0
  const open = (browser: Person, path = '') => browser.visit(`${first.issuer}/account${path}`)

  return {
    first,
    second,
    admin,
    app: createApp(first, client, CALLBACK),
    async somebody(also = {}) {
      people += 1
      const email = `person-${people}@example.com`
      return { email, password: PASSWORD, sub: await admin.account(email, PASSWORD, { locale: 'en', ...also }) }
    },
    browser: () => person(() => first),
    async signedIn({ email, password }, through = first) {
      const browser = person(() => through)
      const page = await browser.submit(await open(browser), { identifier: email, password })
      if (page.status !== 200 || !page.url.endsWith('/account')) throw new Error(`not signed in: ${page.url}`)
      return browser
    },
    open,
    async passkeyOnly({ sub }, count) {
      const [passkey] = await Promise.all(Array.from({ length: count }, () => enrolPasskey(first, sub)))
      if (!passkey) throw new Error('a person without any passkey')
      const browser = person(() => first)
      const asked = await open(browser, '/passkeys')
      const page = await submitPasskey(browser, asked, passkey.assertion(passkeyRequestOf(asked)))
      return { browser, page }
    },
    press,
    mails: ({ email }) => devMails(first, email),
    async age({ sub }, seconds) {
      // the payload has the time of the sign-in, which the engine reads, and those of each method
      const earlier = `UPDATE sessions SET payload = payload
          || jsonb_build_object('loginTs', (payload ->> 'loginTs')::int - $2::int)
          || jsonb_build_object('provenAt', (SELECT coalesce(jsonb_object_agg(key, value::int - $2::int), '{}')
               FROM jsonb_each_text(payload -> 'provenAt')))
        WHERE account_id = $1`
      await asSuperuser((db) => db.query(earlier, [sub, seconds]), first.databaseUrl)
    },
    async event({ sub }, type) {
      return (await admin.audit(type)).find((event) => event['account_id'] === sub)
    },
  }
}
