/** Two servers, and two apps that take logout tokens: the shop requires `sid`, the blog does not. */
import { decodeJwt, type JWTPayload } from 'jose'
import { administrator, type Administrator, PASSWORD, type RegisteredClient } from './administrator.ts'
import { type App, createApp } from './app.ts'
import { type LogoutApp, logoutApp, verifyLogoutToken } from './logout-app.ts'
import { person, type Person, type Visit } from './person.ts'
import { type Server, startServers } from './server.ts'

export const CALLBACK = 'https://shop.example.com/callback'

export interface Party {
  readonly client: RegisteredClient
  readonly app: App
  readonly listener: LogoutApp
}

export interface SignedIn {
  readonly who: { readonly email: string; readonly password: string }
  readonly sub: string
  readonly browser: Person
  /** The claims of the ID tokens. */
  readonly shopToken: JWTPayload & { sid?: string }
  readonly blogToken: JWTPayload & { sid?: string }
}

export interface LogoutWorld {
  readonly first: Server
  readonly second: Server
  readonly admin: Administrator
  readonly shop: Party
  readonly blog: Party
  /** Registers a further app. */
  party(also?: Record<string, unknown>): Promise<Party>
  somebody(): Promise<Pick<SignedIn, 'who' | 'sub'>>
  /** Signs a new person in to both apps in one browser. */
  signedIn(): Promise<SignedIn>
  /** Returns the claims of the logout tokens that an app got, verified. */
  claimsOf(party: Party): Promise<(JWTPayload & { sid?: string })[]>
  /** Forgets the tokens so far, and lets both apps answer 200. */
  reset(): void
}

export async function startLogoutWorld(): Promise<LogoutWorld> {
  const [first, second] = (await startServers(2)) as [Server, Server]
  const admin = await administrator(first)
  let people = 0

  async function party(also: Record<string, unknown> = {}): Promise<Party> {
    const listener = await logoutApp()
    const members = { redirect_uris: [CALLBACK], backchannel_logout_uri: listener.url, ...also }
    const client = await admin.client('web', members)
    return { client, app: createApp(first, client, CALLBACK), listener }
  }

  async function somebody() {
    people += 1
    const who = { email: `somebody${people}@example.com`, password: PASSWORD }
    return { who, sub: await admin.account(who.email, who.password) }
  }

  const shop = await party({ backchannel_logout_session_required: true })
  const blog = await party()
  return {
    first,
    second,
    admin,
    shop,
    blog,
    party,
    somebody,
    async signedIn() {
      const { who, sub } = await somebody()
      const browser = person(() => first)
      const idToken = async ({ app }: Party) => (await app.redeem(await app.code(browser, who))).body['id_token']
      const shopToken = decodeJwt<{ sid?: string }>(String(await idToken(shop)))
      return { who, sub, browser, shopToken, blogToken: decodeJwt(String(await idToken(blog))) }
    },
    claimsOf: ({ listener, client }) =>
      Promise.all(listener.tokens.map((token) => verifyLogoutToken(first, token, client.id))),
    reset() {
      for (const { listener } of [shop, blog]) {
        listener.tokens.length = 0
        listener.asked = 0
        listener.answer = () => 200
      }
    },
  }
}

export async function signOut(browser: Person): Promise<Visit> {
  return browser.submit(await browser.visit('/logout'), {}, { name: 'logout', value: 'yes' })
}
