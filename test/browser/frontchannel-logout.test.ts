/** The frames of front-channel logout in a real browser: loaded under our policy, and the way on afterwards. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { atEnd } from '../support/endings.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { signedInPage, startWorld, type World } from './world.ts'

const browser: Browser | undefined = await openBrowser()

describe.skipIf(browser === undefined)('front-channel logout', () => {
  let world: World
  /** The URLs of the app's page that were asked for. */
  const asked: URL[] = []
  let hangs = false

  beforeAll(async () => {
    world = await startWorld()
    const origin = await startPage()
    await (
      await administrator(world.server)
    ).call('PATCH', `/clients/${world.client.id}`, {
      redirect_uris: [world.shop.callback, `${origin}/cb`],
      frontchannel_logout_uri: `${origin}/signed-out`,
      frontchannel_logout_session_required: true,
    })
  })

  /** A page of the app that clears what the app keeps in this browser. */
  async function startPage(): Promise<string> {
    const server = createServer((request, response) => {
      asked.push(new URL(request.url ?? '/', 'http://localhost'))
      if (hangs) return
      response.writeHead(200, { 'content-type': 'text/html' }).end('<script>localStorage.clear()</script>')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    atEnd(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://localhost:${(server.address() as AddressInfo).port}`
  }

  test.each([
    ['with script', { javaScriptEnabled: true }, false],
    ['without script', { javaScriptEnabled: false }, false],
    ['with script though the frame hangs', { javaScriptEnabled: true }, true],
  ])('%s the frame is loaded, and the browser goes on to the app', async (_how, options, isHanging) => {
    hangs = isHanging
    asked.length = 0
    const context = await (browser as Browser).newContext({ locale: 'en', ...options })
    const page = await signedInPage(context, world)
    await page.click('button[value=allow]')
    await page.waitForURL(`${world.shop.origin}/**`)
    const blocked: string[] = []
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) blocked.push(message.text())
    })
    await page.goto(world.signOutRequest())
    await page.click('button[type=submit]')
    await page.waitForURL(`${world.shop.origin}/bye`)
    await eventually(() => asked.some(({ pathname }) => pathname === '/signed-out'))
    const { searchParams } = asked.find(({ pathname }) => pathname === '/signed-out') as URL
    expect(searchParams.get('iss')).toBe(world.server.issuer)
    expect(searchParams.get('sid')).toMatch(/^[\w-]{40,}$/)
    expect(blocked).toEqual([])
    await context.close()
  })
})
