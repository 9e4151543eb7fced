/** RFC 9470 from the API to the person and back: a page of the app wants a passkey, and the person is asked for just that. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApi } from '../../examples/api/api.ts'
import { createRelyingParty } from '../../examples/relying-party/app.ts'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { atEnd } from '../support/endings.ts'
import { enrolPasskey, passkeyRequestOf, submitPasskey } from '../support/live-passkey.ts'
import { person, type Person, textOf, type Visit } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

let server: Server
let appUrl: string
let admin: Awaited<ReturnType<typeof administrator>>
let made = 0

/** A port that is known before its handler is. */
async function listen() {
  const http = createServer().listen(0, 'localhost')
  await once(http, 'listening')
  atEnd(() => {
    http.closeAllConnections()
    http.close()
  })
  return { http, url: `http://localhost:${(http.address() as AddressInfo).port}` }
}

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  const [api, app] = [await listen(), await listen()]
  appUrl = app.url
  await admin.resource(api.url, ['posts:read', 'posts:write'])
  const client = await admin.client('web', {
    client_name: 'Example app',
    redirect_uris: [`${app.url}/callback`],
    post_logout_redirect_uris: [`${app.url}/`],
    signet_allow: [{ resource: api.url, scopes: ['posts:read'] }],
  })
  const { issuer } = server
  api.http.on('request', createApi({ issuer, identifier: api.url }).callback())
  const relyingParty = { issuer, clientId: client.id, key: client.key, url: app.url, api: api.url }
  app.http.on('request', (await createRelyingParty(relyingParty)).callback())
})

/** The app as a browser sees it: its cookie is kept, and no redirect is followed. */
function appSession() {
  let cookie = ''
  return async (path: string): Promise<{ location: string; html: string; status: number }> => {
    const answer = await fetch(new URL(path, appUrl), { redirect: 'manual', headers: { cookie } })
    const [set] = answer.headers.getSetCookie().filter((line) => !/expires=Thu, 01 Jan 1970/i.test(line))
    if (set !== undefined) cookie = set.split(';')[0] as string
    return { location: answer.headers.get('location') ?? '', html: await answer.text(), status: answer.status }
  }
}

const callback = (page: Visit) => `${(page.left as URL).pathname}${(page.left as URL).search}`

/** Signed in to the app by a password. */
async function signedIn(): Promise<{ sub: string; browser: Person; app: ReturnType<typeof appSession> }> {
  const email = `person-${(made += 1)}@example.com`
  const sub = await admin.account(email, PASSWORD)
  const [browser, app] = [person(() => server), appSession()]
  let page = await browser.visit((await app('/login')).location)
  page = await browser.submit(page, { identifier: email, password: PASSWORD })
  page = await browser.submit(page, {}, { name: 'decision', value: 'allow' })
  expect((await app(callback(page))).location).toBe('/')
  expect(textOf((await app('/')).html)).toContain('Posts')
  return { sub, browser, app }
}

describe('a page that wants a passkey', () => {
  test('leads to the sign-in with what the API asked, which asks for just that, and back to the page', async () => {
    const { sub, browser, app } = await signedIn()
    const passkey = await enrolPasskey(server, sub)
    const { location } = await app('/drafts')
    expect(new URL(location).searchParams.get('acr_values')).toBe('urn:signet:acr:passkey')
    const question = await browser.visit(location)
    expect(textOf(question.html)).toContain('Confirm with your passkey')
    expect(question.html).not.toContain('name="password"')
    const done = await submitPasskey(browser, question, passkey.assertion(passkeyRequestOf(question)))
    expect((await app(callback(done))).location).toBe('/drafts')
    expect(textOf((await app('/drafts')).html)).toContain('What nobody else may read yet')
    // what was shown once is enough for the session
    expect((await app('/drafts')).status).toBe(200)
  })

  test('is told so by the app where the person has none, and stays signed in', async () => {
    const { browser, app } = await signedIn()
    const question = await browser.visit((await app('/drafts')).location)
    expect(textOf(question.html)).toContain('asks for a passkey, and your account has none')
    const back = await browser.submit(question, {})
    const refused = await app(callback(back))
    expect([refused.status, textOf(refused.html)]).toEqual([
      400,
      expect.stringContaining('This page needs a passkey, and your account has none yet.'),
    ])
    expect(textOf((await app('/')).html)).toContain('Drafts')
  })
})
