/** Two servers: one is an upstream provider of the other. */
import { administrator, PASSWORD, type Administrator, type RegisteredClient } from './administrator.ts'
import { createApp, type App } from './app.ts'
import { person, type Person, type Visit } from './person.ts'
import { type Server, startProcesses, startServer, startServers } from './server.ts'

export const APP_CALLBACK = 'https://shop.example/cb'

export interface FederatedWorld {
  /** Its processes; the issuer's URL leads to the first. */
  readonly nodes: readonly Server[]
  readonly here: Server
  readonly admin: Administrator
  readonly client: RegisteredClient
  readonly app: App
  /** The provider. */
  readonly there: Server
  readonly adminThere: Administrator
}

/** One browser, as each of the two servers sees it. */
export interface TwoSided {
  readonly here: Person
  readonly there: Person
}

type Environment = Readonly<Record<string, string>>

export async function startFederatedWorld(
  processes = 1,
  env: { readonly here?: Environment; readonly there?: Environment } = {},
): Promise<FederatedWorld> {
  const [nodes, there] = await Promise.all([
    (processes === 1 ? startServers : startProcesses)(processes, { env: env.here ?? {} }),
    startServer({ env: env.there ?? {} }),
  ])
  const here = nodes[0] as Server
  const [admin, adminThere] = await Promise.all([administrator(here), administrator(there)])
  const client = await admin.client('web', { client_name: 'shop', redirect_uris: [APP_CALLBACK] })
  return { nodes, here, admin, client, app: createApp(here, client, APP_CALLBACK), there, adminThere }
}

/** Adds the other server as an upstream provider, with the key that is generated for it. */
export async function addUpstream(
  world: FederatedWorld,
  id: string,
  also: Record<string, unknown> = {},
): Promise<void> {
  const { admin, adminThere, here, there } = world
  const created = await admin.call<{ jwks: { keys: object[] } }>('POST', '/upstreams', {
    id,
    name: `Provider ${id}`,
    issuer: there.issuer,
    client_id: 'not-yet-registered',
    ...also,
  })
  const registered = await adminThere.call<{ client_id: string }>('POST', '/clients', {
    signet_profile: 'web',
    client_name: 'the server here',
    redirect_uris: [`${here.issuer}/upstream/callback/${id}`],
    post_logout_redirect_uris: [`${here.issuer}/upstream/signed-out`],
    jwks: created.jwks,
  })
  await admin.call('PATCH', `/upstreams/${id}`, { client_id: registered.client_id })
}

/** Creates a person with an account at the provider. */
export async function somebodyThere(
  { adminThere }: FederatedWorld,
  email: string,
  also: Record<string, unknown> = {},
): Promise<{ sub: string; email: string; password: string }> {
  return {
    sub: await adminThere.account(email, PASSWORD, { email_verified: true, ...also }),
    email,
    password: PASSWORD,
  }
}

export function twoSided({ here, there }: Pick<FederatedWorld, 'here' | 'there'>): TwoSided {
  return { here: person(() => here), there: person(() => there) }
}

/** Follows the link to a provider on a sign-in page, and returns its authorization request. */
export async function begin(browser: TwoSided, page: Visit, id: string): Promise<URL> {
  const { left } = await browser.here.visit(linkTo(page, id))
  if (!left) throw new Error(`nobody was led to ${id}`)
  return left
}

/** Signs in at the provider, returns, and gives the page that follows. */
export async function comeBack(
  world: FederatedWorld,
  browser: TwoSided,
  how: { id: string; who: { email: string; password: string }; params?: Record<string, string> },
): Promise<Visit> {
  const page = await browser.here.visit(world.app.begin({ ui_locales: 'en', ...how.params }).url)
  const request = await begin(browser, page, how.id)
  return browser.here.visit((await browser.there.authorize(request.href, how.who)).href)
}

export function linkTo(page: Visit, id: string): string {
  const href = new RegExp(`href="([^"]*/upstream/${id}(?:\\?[^"]*)?)"`).exec(page.html)?.[1]
  if (href === undefined) throw new Error(`the page has no link to ${id}`)
  return href.replaceAll('&amp;', '&')
}

/** Gives consent if asked, and returns the claims of the ID token. */
export async function claimsOf(
  { app }: Pick<FederatedWorld, 'app'>,
  browser: Person,
  attempt: { url: string; verifier: string },
  page: Visit,
): Promise<Record<string, unknown>> {
  const last = /name="decision"/.test(page.html)
    ? await browser.submit(page, {}, { name: 'decision', value: 'allow' })
    : page
  const code = last.left?.searchParams.get('code')
  if (typeof code !== 'string') throw new Error(`no code: ${last.status} ${last.url} ${last.html.slice(0, 4000)}`)
  const { body } = await app.redeem({ code, verifier: attempt.verifier })
  return JSON.parse(Buffer.from(String(body['id_token']).split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >
}
