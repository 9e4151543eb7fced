/** `npm run demo`, walked by a person in Chromium, by a machine, and started a second time. */
import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { createSignetCommand } from '../../examples/demo/signet-command.ts'
import { keepScreenshot, openBrowser } from '../support/browser.ts'
import { createDemo, type Demo } from '../support/demo.ts'
import { temporaryDir } from '../support/server.ts'

const REGISTER = join(import.meta.dirname, '../../examples/demo/register.ts')
const browser = await openBrowser()
let demo: Demo
let started: Awaited<ReturnType<Demo['start']>>

beforeAll(async () => {
  demo = await createDemo()
  started = await demo.start()
}, 90_000)

async function newPage(options: Parameters<NonNullable<typeof browser>['newContext']>[0] = {}): Promise<Page> {
  if (!browser) throw new Error('there is no browser')
  const context: BrowserContext = await browser.newContext({ locale: 'en', ...options })
  return context.newPage()
}

async function goToSignIn(page: Page): Promise<void> {
  await page.goto(demo.app)
  await page.getByRole('link', { name: 'Sign in' }).click()
  expect(page.url().startsWith(demo.issuer)).toBe(true)
}

async function fillIn(page: Page): Promise<void> {
  await page.fill('[name=identifier]', started.email)
  await page.fill('[name=password]', started.password)
  await page.click('button[type=submit]')
}

async function signIn(page: Page): Promise<void> {
  await goToSignIn(page)
  await fillIn(page)
  if (await page.isVisible('button[name=decision]')) await page.click('button[name=decision][value=allow]')
}

async function expectNobodyListens(): Promise<void> {
  for (const url of [demo.issuer, demo.app, demo.api]) await expect(fetch(url)).rejects.toThrow('fetch failed')
}

async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

test('says in a few lines what to open and whom to sign in as', () => {
  const lines = started.output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('> '))
  expect(lines).toEqual([
    `The demo is ready. Open ${demo.app} and sign in:`,
    '  E-mail      ada@example.com',
    `  Password    ${started.password}`,
    `  App         ${demo.app}`,
    `  API         ${demo.api}/api/posts`,
    `  Server      ${demo.issuer}`,
    'Ctrl-C stops all three.',
  ])
  expect(started.password).toMatch(/^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/)
})

test('keeps the password and the key of the app for its owner alone', () => {
  const folder = join(demo.env['SIGNET_DATA_DIR'] ?? '', 'demo')
  const modes = ['person.json', 'app.jwk.json', '.'].map((name) =>
    (statSync(join(folder, name)).mode & 0o777).toString(8),
  )
  expect(modes).toEqual(['600', '600', '700'])
})

describe.skipIf(!browser)('a person in a browser without script', () => {
  test('who does not allow it is told so by the app, and may try again', async () => {
    const page = await newPage({ javaScriptEnabled: false })
    await goToSignIn(page)
    await fillIn(page)
    await page.click('button[name=decision][value=deny]')
    expect(new URL(page.url()).origin).toBe(demo.app)
    expect(await page.textContent('main')).toContain('You did not allow it.')
    await page.getByRole('link', { name: 'Sign in again' }).click()
    expect(page.url().startsWith(demo.issuer)).toBe(true)
  })

  test('signs in, reads the posts, refreshes the token and signs out', async () => {
    const page = await newPage({ javaScriptEnabled: false })
    await page.goto(demo.app)
    expect(await page.textContent('main')).toContain(`You will be asked at ${new URL(demo.issuer).host}.`)
    await keepScreenshot(page, 'demo-signed-out')
    await goToSignIn(page)
    await fillIn(page)
    const consent = await page.textContent('main')
    expect(consent).toContain('Example app')
    expect(consent).toContain('Read the posts')
    await page.click('button[name=decision][value=allow]')

    expect(new URL(page.url()).href).toBe(`${demo.app}/`)
    expect(await page.innerText('main')).toContain('Signed in as Ada Lovelace\nada@example.com')
    expect(await page.locator('li').allTextContents()).toEqual(['First Post', 'Second Post'])
    await keepScreenshot(page, 'demo-signed-in')
    await page.getByRole('button', { name: 'Refresh' }).click()
    expect(await page.textContent('[role=status]')).toContain('refreshed once')
    expect(await page.locator('li').allTextContents()).toEqual(['First Post', 'Second Post'])

    await page.getByRole('button', { name: 'Sign out' }).click()
    // the app sends its ID token, so the server asks no question
    await page.waitForURL(`${demo.app}/`)
    expect(await page.textContent('main')).toContain('Sign in to read them')
    // It was a sign-out at the server too: the password is asked for again.
    await page.getByRole('link', { name: 'Sign in' }).click()
    expect(await page.isVisible('[name=password]')).toBe(true)
  })
})

describe.skipIf(!browser)('the pages of the app', () => {
  test.each(['light', 'dark'] as const)('are accessible and fit a phone, %s', async (colorScheme) => {
    const page = await newPage({ viewport: { width: 360, height: 640 }, colorScheme })
    await page.goto(demo.app)
    expect(await violations(page)).toEqual([])
    await signIn(page)
    expect(await page.locator('li').count()).toBe(2)
    expect(await violations(page)).toEqual([])
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    expect(overflow).toBe(0)
    await keepScreenshot(page, `demo-phone-${colorScheme}`)
    await page.goto(`${demo.app}/callback`)
    expect(await violations(page)).toEqual([])
  })
})

describe('the app', () => {
  test('takes a form of its own pages only', async () => {
    for (const origin of [undefined, 'null', demo.issuer]) {
      const headers = origin === undefined ? {} : { origin }
      const refused = await fetch(`${demo.app}/logout`, { method: 'POST', headers, redirect: 'manual' })
      expect([refused.status, await refused.text()]).toEqual([403, 'This form is not of this app.'])
    }
  })

  test('signs nobody in by an answer it did not ask for', async () => {
    const begun = await fetch(`${demo.app}/login`, { redirect: 'manual' })
    const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? ''
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? ''
    const iss = encodeURIComponent(demo.issuer)
    const ask = async (query: string, headers: Record<string, string>) => {
      const response = await fetch(`${demo.app}/callback?${query}`, { headers, redirect: 'manual' })
      return [response.status, /<p>(.*)<\/p>/.exec(await response.text())?.[1]]
    }
    const elsewhere = [400, 'This sign-in was begun elsewhere or too long ago.']
    expect(await ask(`code=x&state=${state}&iss=${iss}`, {})).toEqual(elsewhere)
    expect(await ask(`code=x&state=other&iss=${iss}`, { cookie })).toEqual(elsewhere)
    expect(await ask(`code=x&state=${state}&iss=https://other.example`, { cookie })).toEqual([
      400,
      'The answer could not be verified.',
    ])
    expect(await ask(`code=x&state=${state}&iss=${iss}`, { cookie })).toEqual(elsewhere)
  })

  test.skipIf(!browser)('gives the session another name when a person signs in', async () => {
    const page = await newPage()
    const name = async () => (await page.context().cookies(demo.app)).find(({ name }) => name === 'example_app')
    await goToSignIn(page)
    const before = await name()
    await signIn(page)
    const after = await name()
    expect(before?.value).toMatch(/^[\w-]{43}$/)
    expect(after?.value).toMatch(/^[\w-]{43}$/)
    expect(after?.value).not.toBe(before?.value)
    expect(after).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
  })
})

describe('the API', () => {
  test('refuses without a token, answers to one, and names the scope that one lacks', async () => {
    const key = join(temporaryDir('reader'), 'reader.jwk.json')
    const signet = createSignetCommand({ ...demo.env, SIGNET_ISSUER: demo.issuer })
    const create = ['clients', 'create', '--profile', 'machine', '--name', 'Reader', '--generate-key', key]
    const { client_id: id } = (await signet([...create, '--allow', `${demo.api}=posts:read`])) as { client_id: string }
    const { access_token: token } = (await signet(['token', '--client-id', id, '--key', key])) as {
      access_token: string
    }
    const headers = { authorization: `Bearer ${token}` }

    expect((await fetch(`${demo.api}/api/posts`)).status).toBe(401)
    const answered = await fetch(`${demo.api}/api/posts`, { headers })
    expect(await answered.json()).toMatchObject({ posts: [{ id: 1, title: 'First Post' }, { id: 2 }] })
    const refused = await fetch(`${demo.api}/api/posts/1`, { method: 'DELETE', headers })
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(refused.headers.get('www-authenticate')).toContain('scope="posts:write"')
    const metadata = await fetch(`${demo.api}/.well-known/oauth-protected-resource`)
    expect(await metadata.json()).toMatchObject({ resource: demo.api, authorization_servers: [demo.issuer] })
  })
})

test('the registration alone leaves an account whose password it does not know, and makes another person', async () => {
  const env = { ...demo.env, SIGNET_ISSUER: demo.issuer, DEMO_DIR: temporaryDir('elsewhere'), API_IDENTIFIER: demo.api }
  const register = () => promisify(execFile)(process.execPath, [REGISTER], { env, cwd: env.DEMO_DIR })
  const { stdout } = await register()
  const words =
    /^Open http:\/\/localhost:4000 and sign in as (ada\+[0-9a-f]{6}@example\.com) with the password [a-z2-9-]{19}\n$/
  expect(stdout).toMatch(words)
  expect((await register()).stdout).toBe(stdout)
  const signet = createSignetCommand(env)
  await signet(['clients', 'delete', readFileSync(join(env.DEMO_DIR, 'app.client-id'), 'utf8'), '--yes'])
  await signet(['accounts', 'delete', words.exec(stdout)?.[1] ?? '', '--yes'])
})

describe('started again', () => {
  test('Ctrl-C stops all three, and the next start finds what was registered', async () => {
    expect(await demo.interrupt()).not.toMatch(/"level":"(error|fatal)"|Error:/)
    await expectNobodyListens()

    const again = await demo.start()
    expect([again.email, again.password]).toEqual([started.email, started.password])
    const signet = createSignetCommand({ ...demo.env, SIGNET_ISSUER: demo.issuer })
    const clients = (await signet(['clients', 'list'])) as { client_name: string }[]
    expect(clients.filter(({ client_name }) => client_name === 'Example app')).toHaveLength(1)
    expect(await signet(['accounts', 'list'])).toHaveLength(1)
  }, 60_000)

  test('a supervisor that ends the command alone stops all three too', async () => {
    await demo.terminate()
    await expectNobodyListens()
  })
})
