/** A server with an app, to which providers are added by preset; their hosts are forged. */
import { administrator, type Administrator } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { APP_CALLBACK, claimsOf } from '../support/federated-world.ts'
import type { Person, Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'
import { type Begun, beginSignIn } from './forged-world.ts'
import { type ForgedHosts, forgedHosts } from '../support/forged-hosts.ts'

export const OUR_ID = 'our-id-there'
export const OUR_SECRET = 'a-secret-that-both-know-and-nobody-else'

export interface PresetWorld {
  readonly server: Server
  readonly admin: Administrator
  readonly app: App
  readonly hosts: ForgedHosts
  /** Adds a provider by preset, under the name of the preset unless `also` has another id. */
  add(preset: string, also?: Record<string, unknown>): Promise<Record<string, unknown>>
  /** Goes from the sign-in page of a new request to the provider. `url` is the whole authorization request. */
  begin(id: string, params?: Record<string, string>, browser?: Person): Promise<Begun>
  /** Returns from the provider with the parameters of its answer. */
  back(begun: Begun, answer?: Record<string, string>): Promise<Visit>
  /** The account that the person got, as the admin API shows it. */
  accountOf(begun: Begun, page: Visit): Promise<Record<string, unknown>>
  /** The newest audit event of a type. */
  newest(type: string): Promise<Record<string, unknown> | undefined>
}

export async function startPresetWorld(): Promise<PresetWorld> {
  const hosts = await forgedHosts()
  const server = await startServer({ overrides: { fetch: hosts.fetch } })
  const admin = await administrator(server)
  const client = await admin.client('web', { client_name: 'shop', redirect_uris: [APP_CALLBACK] })
  const app = createApp(server, client, APP_CALLBACK)
  return {
    server,
    admin,
    app,
    hosts,
    add: (preset, also = {}) =>
      admin.call('POST', '/upstreams', { id: preset, preset, client_id: OUR_ID, just_in_time: true, ...also }),
    begin: (id, params, browser) => beginSignIn({ server, app }, id, { params, browser }),
    back: ({ browser, id, state }, answer = { code: 'c' }) =>
      browser.visit(`/upstream/callback/${id}?${new URLSearchParams({ ...answer, state }).toString()}`),
    async accountOf({ browser, attempt }, page) {
      const { sub } = await claimsOf({ app }, browser, attempt, page)
      return admin.call('GET', `/accounts/${String(sub)}`)
    },
    newest: async (type) => (await admin.audit(type))[0],
  }
}
