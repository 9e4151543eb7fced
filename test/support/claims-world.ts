/** An app that may ask for every standard claim, and people who sign in to it with the `claims` parameter. */
import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { administrator, type Administrator, PASSWORD } from './administrator.ts'
import { type App, createApp } from './app.ts'
import { answerOf, person, type Person, type Visit } from './person.ts'
import { type Server, startServer } from './server.ts'

export const CALLBACK = 'https://shop.example/cb'
export const ALLOW = { name: 'decision', value: 'allow' }
export const ADDRESS = { street_address: '1 Crescent', locality: 'London', country: 'UK' }
export const PHONE = '+44 20 7946 0018'

export interface Somebody {
  readonly email: string
  readonly password: string
  readonly sub: string
}

export interface ClaimsWorld {
  readonly server: Server
  readonly admin: Administrator
  readonly app: App
  somebody(): Promise<Somebody>
  browser(): Person
  userinfo(accessToken: unknown): Promise<Record<string, unknown>>
  /** Opens a request and signs in, up to the next page or the app. */
  signIn(
    browser: Person,
    who: Somebody,
    params: Record<string, string>,
    through?: App,
  ): Promise<{ page: Visit; verifier: string }>
  redeemed(left: URL | undefined, verifier: string, through?: App): Promise<Record<string, string>>
  /** Does what a signed-in person's browser does by itself. */
  silently(
    browser: Person,
    params: Record<string, string>,
    through?: App,
  ): Promise<{ answer: ReturnType<typeof answerOf>; left: URL | undefined; verifier: string }>
  /** Looks at the newest audit event of a refused authorization request. */
  expectRefusal(error: string, description: string): Promise<void>
}

export const asking = (claims: unknown, also: Record<string, string> = {}) => ({
  claims: JSON.stringify(claims),
  ...also,
})
export const claimsOf = (jwt: unknown) => decodeJwt(String(jwt))

export async function startClaimsWorld(): Promise<ClaimsWorld> {
  const server = await startServer()
  const admin = await administrator(server)
  const scope = 'openid profile email address phone offline_access'
  const client = await admin.client('web', { client_name: 'shop', redirect_uris: [CALLBACK], scope })
  const app = createApp(server, client, CALLBACK)
  let made = 0
  return {
    server,
    admin,
    app,
    browser: () => person(() => server),
    async somebody() {
      const email = `person-${(made += 1)}@example.com`
      const claims = { given_name: 'Ada', phone_number: PHONE, address: ADDRESS }
      return { email, password: PASSWORD, sub: await admin.account(email, PASSWORD, claims) }
    },
    async userinfo(accessToken) {
      const answer = await server.fetch('/userinfo', { headers: { authorization: `Bearer ${String(accessToken)}` } })
      return (await answer.json()) as Record<string, unknown>
    },
    async signIn(browser, who, params, through = app) {
      const { url, verifier } = through.begin(params)
      const page = await browser.submit(await browser.visit(url), { identifier: who.email, password: PASSWORD })
      return { page, verifier }
    },
    redeemed: async (left, verifier, through = app) =>
      (await through.redeem({ code: String(answerOf(left as URL)['code']), verifier })).body,
    async silently(browser, params, through = app) {
      const { url, verifier } = through.begin({ prompt: 'none', ...params })
      const { left } = await browser.visit(url)
      return { answer: answerOf(left as URL), left, verifier }
    },
    async expectRefusal(error, description) {
      const [event] = await admin.audit('authorization.refused')
      expect(event).toMatchObject({ client_id: client.id, outcome: 'failure', reason: `${error}: ${description}` })
    },
  }
}
