/** A server with an app, and a forged provider that people sign in with. */
import { administrator, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { type App, type AuthorizationAttempt, createApp } from '../support/app.ts'
import { APP_CALLBACK, linkTo } from '../support/federated-world.ts'
import { forgedProvider, type ForgedProvider } from '../support/forged-provider.ts'
import { type Person, person, type Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

export const CLIENT_ID = 'our-id-there'
export const SECRET = 'a-secret-that-both-know-and-nobody-else'

export interface ForgedWorld {
  readonly server: Server
  readonly admin: Administrator
  readonly client: RegisteredClient
  readonly app: App
  readonly provider: ForgedProvider
  /** Adds the provider under an id; `also` replaces members. */
  add(id: string, also?: Record<string, unknown>): Promise<unknown>
  /** Goes from the sign-in page of a new request to the provider. */
  begin(id: string, browser?: Person, params?: Record<string, string>): Promise<Begun>
}

/** A person who has reached the provider. */
export interface Begun {
  /** The id of the provider. */
  readonly id: string
  readonly attempt: AuthorizationAttempt
  readonly browser: Person
  /** The sign-in page. */
  readonly page: Visit
  /** The authorization request to the provider, and its parameters. */
  readonly url: URL
  readonly request: URLSearchParams
  readonly state: string
  readonly nonce: string
}

export async function startForgedWorld(): Promise<ForgedWorld> {
  const server = await startServer()
  const admin = await administrator(server)
  const client = await admin.client('web', { client_name: 'shop', redirect_uris: [APP_CALLBACK] })
  const app = createApp(server, client, APP_CALLBACK)
  const provider = await forgedProvider(CLIENT_ID)
  return {
    server,
    admin,
    client,
    app,
    provider,
    add: (id, also = {}) =>
      admin.call('POST', '/upstreams', {
        id,
        name: `Forged ${id}`,
        issuer: provider.issuer,
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: SECRET,
        just_in_time: true,
        ...also,
      }),
    begin: (id, browser, params) => beginSignIn({ server, app }, id, { browser, params }),
  }
}

/** Goes from the sign-in page of a new request to the provider. */
export async function beginSignIn(
  { server, app }: Pick<ForgedWorld, 'server' | 'app'>,
  id: string,
  {
    browser = person(() => server),
    params = {},
  }: { browser?: Person | undefined; params?: Record<string, string> | undefined },
): Promise<Begun> {
  const attempt = app.begin({ ui_locales: 'en', ...params })
  const page = await browser.visit(attempt.url)
  const { left } = await browser.visit(linkTo(page, id))
  if (!left) throw new Error(`nobody was led to ${id}`)
  const request = left.searchParams
  const [state, nonce] = [request.get('state') ?? '', request.get('nonce') ?? '']
  return { id, attempt, browser, page, url: left, request, state, nonce }
}
