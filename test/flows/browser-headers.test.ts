/** What the answers of a sign-in and a sign-out tell the browser: what to keep, what to share, what to forget. */
import Keygrip from 'keygrip'
import { beforeAll, describe, expect, test } from 'vitest'
import { readMasterKeyFile } from '#config/key-files.ts'
import { createKeyring } from '#sealing/keyring.ts'
import { administrator, PASSWORD } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { answerOf, person } from '../support/person.ts'
import { freePort } from '../support/ports.ts'
import { type Reachable, type Server, startServer } from '../support/server.ts'

const CALLBACK = 'https://shop.example.com/callback'
const ada = { email: 'ada@example.com', password: PASSWORD }
let server: Server
let app: App

beforeAll(async () => {
  server = await startServer()
  app = await appAt(server)
})

async function appAt(at: Server): Promise<App> {
  const admin = await administrator(at)
  await admin.account(ada.email, ada.password)
  const client = await admin.client('web', { redirect_uris: [CALLBACK], post_logout_redirect_uris: [CALLBACK] })
  return createApp(at, client, CALLBACK)
}

/** The server, and every answer that it gives to requests through it. */
function watched(at: Server): { through: Reachable; answers: Response[] } {
  const answers: Response[] = []
  const fetch: Server['fetch'] = async (url, init) => {
    const response = await at.fetch(url, init)
    answers.push(response)
    return response
  }
  return { through: { issuer: at.issuer, fetch }, answers }
}

async function signOut(browser: ReturnType<typeof person>, decision?: { name: string; value: string }) {
  return browser.submit(await browser.visit('/logout'), {}, decision, { follow: false })
}

test('no answer on the way through sign-in and sign-out is kept, and none cuts the opener of a popup', async () => {
  const { through, answers } = watched(server)
  const browser = person(() => through)
  await app.code(browser, ada)
  await browser.visit(app.begin({ response_mode: 'form_post' }).url)
  await browser.visit(app.begin({ prompt: 'none', scope: 'openid profile' }).url)
  await browser.visit('/authorize?client_id=nobody')
  await browser.visit('/interaction/lost')
  await browser.visit('/upstream/callback?state=x')
  await browser.visit('/upstream/signed-out')
  await signOut(browser, { name: 'logout', value: 'yes' })
  const statuses = answers.map(({ status }) => status)
  expect(statuses).toEqual(expect.arrayContaining([200, 303, 400]))
  for (const { url, headers } of answers) {
    expect(headers.get('cache-control'), url).toBe('no-store')
    expect(headers.get('cross-origin-opener-policy'), url).toBeNull()
  }
})

test('the pages of an account share no browsing context group with other origins', async () => {
  for (const path of ['/account', '/account/password', '/account/nothing']) {
    const { headers } = await server.fetch(path, { redirect: 'manual' })
    expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin')
    expect(headers.get('cache-control'), path).toBe('no-store')
  }
  expect((await server.fetch('/accounts')).headers.get('cross-origin-opener-policy')).toBeNull()
})

describe('a sign-out', () => {
  test('clears what the browser keeps of our pages, never its cookies: ours go one by one, the known browser stays', async () => {
    const browser = person(() => server)
    await app.code(browser, ada)
    const before = [...browser.cookies.keys()]
    const { headers } = await signOut(browser, { name: 'logout', value: 'yes' })
    expect(headers.get('clear-site-data')).toBe('"cache", "storage"')
    const gone = before.filter((name) => !browser.cookies.has(name))
    expect(gone.toSorted()).toEqual(['signet_session', 'signet_session.sig'])
    expect([...browser.cookies.keys()]).toContain('signet-device')
    expect(answerOf((await browser.visit(app.begin({ prompt: 'none' }).url)).left as URL)['error']).toBe(
      'login_required',
    )
  })

  test('that the person declines clears nothing', async () => {
    const browser = person(() => server)
    await app.code(browser, ada)
    const { headers } = await signOut(browser)
    expect(headers.get('clear-site-data')).toBeNull()
  })

  test('clears nothing where other sites share the origin with the issuer', async () => {
    const port = await freePort()
    const below = await startServer({ env: { PORT: String(port), SIGNET_ISSUER: `http://localhost:${port}/id` } })
    const browser = person(() => below)
    await (await appAt(below)).code(browser, ada)
    const question = await browser.visit(`${below.issuer}/logout`)
    const { headers } = await browser.submit(question, {}, { name: 'logout', value: 'yes' }, { follow: false })
    expect(headers.get('clear-site-data')).toBeNull()
    expect(browser.cookies.has('signet_session')).toBe(false)
  })
})

describe('cookies', () => {
  const SESSION = 'signet_session'
  /** What signed the cookies before SHA-256 did. */
  function former(): Keygrip {
    const keys = createKeyring(readMasterKeyFile(server.keysDir)?.keys ?? []).derive('cookies')
    return new Keygrip(
      keys.map((key) => key.toString('base64url')),
      'sha1',
    )
  }

  test('are signed by HMAC with SHA-256', async () => {
    const browser = person(() => server)
    await app.code(browser, ada)
    expect(browser.cookies.get(`${SESSION}.sig`)).toMatch(/^[\w-]{43}$/)
  })

  test('with a signature by SHA-1 are taken once more, and signed anew', async () => {
    const browser = person(() => server)
    await app.code(browser, ada)
    const signature = former().sign(`${SESSION}=${browser.cookies.get(SESSION)}`)
    expect(signature).toMatch(/^[\w-]{27}$/)
    const updated = browser.fork({ [`${SESSION}.sig`]: signature })
    const { left } = await updated.visit(app.begin({ prompt: 'none' }).url)
    expect(answerOf(left as URL)).toHaveProperty('code')
    expect(updated.cookies.get(`${SESSION}.sig`)).toMatch(/^[\w-]{43}$/)
  })

  test('with any other signature are not taken', async () => {
    const browser = person(() => server)
    await app.code(browser, ada)
    for (const signature of ['x'.repeat(27), 'x'.repeat(43), former().sign('another')]) {
      const { left } = await browser.fork({ [`${SESSION}.sig`]: signature }).visit(app.begin({ prompt: 'none' }).url)
      expect(answerOf(left as URL)['error']).toBe('login_required')
    }
  })
})
