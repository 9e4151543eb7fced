/** A live server with an app, an API and a person, and visitors who ask for the pages of sign-in and consent. */
import { administrator, PASSWORD, type Administrator, type RegisteredClient } from '../support/administrator.ts'
import { createApp, type App } from '../support/app.ts'
import { cookieHeader, person, type Person, type Visit } from '../support/person.ts'
import { startServer, type Server, type ServerOptions } from '../support/server.ts'

export const API = 'https://api.example.com/v1'
export const CALLBACK = 'https://shop.example/cb'
/** The account of this address speaks Korean. */
export const EMAIL = 'ada@example.com'

export interface World {
  readonly server: Server
  readonly admin: Administrator
  readonly client: RegisteredClient
  readonly app: App
  somebody(): Person
  /** The sign-in page of a new request. */
  signInPage(browser: Person, params?: Record<string, string>): Promise<Visit>
  /** The consent page of a new request, in English unless the parameters say otherwise. */
  consentPage(browser: Person, params?: Record<string, string>): Promise<Visit>
  /** Sends a form to a step of the page's interaction, with the browser's cookies and nothing of the page's own form. */
  post(browser: Person, page: Visit, form: SentForm): Promise<Response>
  newestEvent(type: string): Promise<Record<string, unknown>>
}

export interface SentForm {
  readonly step: 'login' | 'passkey' | 'consent' | 'cancel'
  readonly body: URLSearchParams | string
  readonly headers?: Record<string, string>
}

export async function startWorld(overrides: ServerOptions['overrides'] = {}): Promise<World> {
  const server = await startServer({ overrides })
  const admin = await administrator(server)
  await admin.resource(API, [], {
    scopes: [{ name: 'posts:read', description: 'Read your posts' }, { name: 'posts:write' }],
  })
  await admin.account(EMAIL, PASSWORD, { locale: 'ko-KR' })
  const client = await admin.client('web', {
    client_name: 'shop',
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read', 'posts:write'] }],
  })
  const app = createApp(server, client, CALLBACK)
  const signInPage: World['signInPage'] = (browser, params = {}) =>
    browser.visit(app.begin({ prompt: 'login', ...params }).url)
  return {
    server,
    admin,
    client,
    app,
    somebody: () => person(() => server),
    signInPage,
    async consentPage(browser, params = {}) {
      const page = await signInPage(browser, { ui_locales: 'en', prompt: 'login consent', ...params })
      return browser.submit(page, { identifier: EMAIL, password: PASSWORD })
    },
    post: (browser, page, form) => post(server, browser, { page, form }),
    async newestEvent(type) {
      const [event] = await admin.audit(type)
      if (!event) throw new Error(`no ${type} was audited`)
      return event
    },
  }
}

function post(server: Server, browser: Person, { page, form }: { page: Visit; form: SentForm }): Promise<Response> {
  const cookie = cookieHeader(browser.cookies)
  const path = new URL(page.url).pathname.replace(/\/(login|passkey|consent|cancel)$/, '')
  return server.fetch(`${path}/${form.step}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'text/html', cookie, ...form.headers },
    body: form.body,
  })
}

/** The value of an input of the page, as it stands in the HTML. */
export function fieldOf(page: Visit, name: string): string {
  const tag = [...page.html.matchAll(/<input[^>]*>/g)].find(([input]) => input.includes(`name="${name}"`))?.[0] ?? ''
  return /value="([^"]*)"/.exec(tag)?.[1] ?? ''
}
