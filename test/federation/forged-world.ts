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
  readonly attempt: AuthorizationAttempt
  readonly browser: Person
  /** The sign-in page. */
  readonly page: Visit
  /** The parameters that the provider is sent. */
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
    async begin(id, browser = person(() => server), params = {}) {
      const attempt = app.begin({ ui_locales: 'en', ...params })
      const page = await browser.visit(attempt.url)
      const { left } = await browser.visit(linkTo(page, id))
      if (!left) throw new Error(`nobody was led to ${id}`)
      const request = left.searchParams
      return {
        attempt,
        browser,
        page,
        request,
        state: request.get('state') ?? '',
        nonce: request.get('nonce') ?? '',
      }
    },
  }
}
