/** Redirect URIs that look like the registered one and are not: a page, never a redirect (RFC 9700 §2.1, §4.1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, type Administrator } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { expectRefusalPage, firstAnswer } from '../support/first-answer.ts'
import { type Server, startServer } from '../support/server.ts'
import { faultsOf } from '../support/server-faults.ts'

const CALLBACK = 'https://shop.example.com/callback'
let server: Server
let admin: Administrator
let app: App

beforeAll(async () => {
  server = await startServer()
  admin = await administrator(server)
  const web = await admin.client('web', { redirect_uris: [CALLBACK, 'http://localhost:5000/cb'] })
  app = createApp(server, web, CALLBACK)
})

afterAll(() => {
  expect(faultsOf(server)).toEqual([])
})

describe('a redirect URI that was not registered is refused on a page, without a redirect', () => {
  test.each([
    'https://shop.example.com/Callback',
    'https://SHOP.example.com/callback',
    'HTTPS://shop.example.com/callback',
    'https://shop.example.com/callback/',
    'https://shop.example.com/callback/..',
    'https://shop.example.com/x/../callback',
    'https://shop.example.com/./callback',
    'https://shop.example.com/%63allback',
    'https://shop.example.com/callback%2e%2e',
    'https://shop.example.com/callback%252f..',
    'https://shop.example.com/callback/..;/evil',
    'https://shop.example.com/callback;x',
    'https://shop.example.com/callback?',
    'https://shop.example.com/callback?next=https://evil.example',
    'https://shop.example.com/callback#',
    'https://shop.example.com/callback#fragment',
    'https://shop.example.com:443/callback',
    'https://shop.example.com:8443/callback',
    'http://shop.example.com/callback',
    'https://shop.example.com',
    'https://shopXexample.com/callback',
    'https://shop.example.com.evil.example/callback',
    'https://evil-shop.example.com/callback',
    'https://shop.example.com@evil.example/callback',
    'https://evil.example/callback@shop.example.com/callback',
    'https://evil.example\\@shop.example.com/callback',
    'https://evil.example#@shop.example.com/callback',
    'https://user:password@shop.example.com/callback',
    'https://shop.example.com\\.evil.example/callback',
    'https:\\\\shop.example.com\\callback',
    'https:/shop.example.com/callback',
    'https:shop.example.com/callback',
    '//shop.example.com/callback',
    '/callback',
    'callback',
    ' https://shop.example.com/callback',
    'https://shop.example.com/callback ',
    'https://shop.example.com/callback\n',
    'https://shop.example.com/callback\r\nSet-Cookie: a=b',
    'https://shop.example.com/call\tback',
    'https://shοp.example.com/callback',
    'https://xn--shp-jqd.example.com/callback',
    'https://shop.example.com。evil.example/callback',
    'https://evil.example/?https://shop.example.com/callback',
    `${CALLBACK},https://evil.example/`,
    `${CALLBACK} https://evil.example/`,
    'http://localhost:5001/cb',
    'http://localhost/cb',
    'http://localhost:5000/cb/',
    'http://localhost:5000@evil.example/cb',
    'http://localhost:80@evil.example/cb',
    'http://127.0.0.1:5000/cb',
    'http://[::1]:5000/cb',
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'about:blank',
    'com.example.shop:/callback',
    '*',
    'null',
    `https://shop.example.com/${'x'.repeat(3000)}`,
  ])('%#: %j', async (redirectUri) => {
    await expectRefusalPage({ server, admin }, app.begin({ redirect_uri: redirectUri }).url, /redirect_uri/)
  })

  test('not even an error, nor with prompt=none or another response mode', async () => {
    const redirect_uri = 'https://evil.example/callback'
    for (const params of [
      { prompt: 'none' },
      { response_mode: 'form_post' },
      { response_mode: 'fragment' },
      { scope: 'x' },
      { response_type: 'token' },
    ]) {
      const { status, location, html } = await firstAnswer(server, app.begin({ redirect_uri, ...params }).url)
      expect({ status, location }).toEqual({ status: 400, location: null })
      expect(html).not.toMatch(/<form|http-equiv/)
    }
  })

  test('when it is left out, though only one or several are registered', async () => {
    await expectRefusalPage({ server, admin }, app.begin({ redirect_uri: '' }).url, /redirect_uri/)
  })

  test('when it is sent twice, even if both are right', async () => {
    await expectRefusalPage(
      { server, admin },
      `${app.begin().url}&redirect_uri=${encodeURIComponent(CALLBACK)}`,
      /redirect_uri/,
    )
    await expectRefusalPage(
      { server, admin },
      `${app.begin().url}&redirect_uri=https%3A%2F%2Fevil.example`,
      /redirect_uri/,
    )
  })

  test('but a native app may use any port of its loopback address, and nothing else of another', async () => {
    const native = await admin.client('native', { redirect_uris: ['http://127.0.0.1/cb'] })
    const ours = createApp(server, native, 'http://127.0.0.1:49152/cb', true)
    const { status, location } = await firstAnswer(server, ours.begin().url)
    expect(status).toBe(303)
    expect(location).toMatch(new RegExp(`^(${server.issuer})?/interaction/`))
    for (const redirect_uri of [
      'http://127.0.0.1:49152/other',
      'http://127.0.0.2:49152/cb',
      'http://127.0.0.1:49152@evil.example/cb',
      'https://127.0.0.1:49152/cb',
    ]) {
      await expectRefusalPage({ server, admin }, ours.begin({ redirect_uri }).url, /redirect_uri/)
    }
  })
})
