/** Apache's mod_auth_openidc signs a person in, and signs them out when it gets a logout token. */
import { beforeAll, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { eventually } from '../support/eventually.ts'
import { person } from '../support/person.ts'
import { freePort } from '../support/ports.ts'
import { type Server, startServer } from '../support/server.ts'
import { startApache } from './apache.ts'

const ada = { email: 'ada@example.com', password: 'a long sentence to sign in with' }
let server: Server
let admin: Administrator
let sub: string
let origin: string
let apache: Awaited<ReturnType<typeof startApache>>

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  sub = await admin.account(ada.email, ada.password)
  const port = await freePort()
  origin = `http://localhost:${port}`
  const redirectUri = `${origin}/oidc`
  const { id: clientId, secret = '' } = await admin.client('web', {
    client_name: 'apache',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'client_secret_basic',
    backchannel_logout_uri: `${redirectUri}?logout=backchannel`,
    backchannel_logout_session_required: true,
  })
  apache = await startApache(port, redirectUri, { issuer: server.issuer, clientId, secret })
})

/** A browser at the page: it keeps Apache's cookies. */
function browser() {
  const cookies = new Map<string, string>()
  return async (url: string): Promise<Response> => {
    const headers = { cookie: [...cookies].map((pair) => pair.join('=')).join('; '), accept: 'text/html' }
    const response = await fetch(new URL(url, origin), { headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      cookies.set(name, value)
    }
    return response
  }
}

test('a person signs in, and is signed out of the page when an administrator ends the session', async () => {
  const visit = browser()
  const toIssuer = await visit('/index.html')
  expect([toIssuer.status, toIssuer.headers.get('location')], apache.logs() + (await toIssuer.text())).toEqual([
    302,
    expect.stringContaining(`${server.issuer}/authorize?`),
  ])
  const back = await person(() => server).authorize(toIssuer.headers.get('location') ?? '', ada)
  const signedIn = await visit(back.href)
  expect([signedIn.status, signedIn.headers.get('location')], apache.logs()).toEqual([302, `${origin}/index.html`])
  expect(await (await visit('/index.html')).text(), apache.logs()).toContain('Members only')

  const { items } = await admin.call<{ items: { id: string }[] }>('GET', `/accounts/${sub}/sessions`)
  for (const { id } of items) await admin.call('DELETE', `/accounts/${sub}/sessions/${id}`)
  await eventually(async () => (await admin.audit('backchannel_logout.delivered')).length === 1, 20_000, apache.logs)
  const after = await visit('/index.html')
  expect([after.status, after.headers.get('location')?.startsWith(`${server.issuer}/authorize`)]).toEqual([302, true])
})
