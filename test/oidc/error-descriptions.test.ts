/** Every `error_description` that leaves has only the characters of RFC 6749 §5.2, and at most 500 of them. */
import { beforeAll, describe, expect, test } from 'vitest'
import { administrator, type RegisteredClient } from '../support/administrator.ts'
import { type App, createApp } from '../support/app.ts'
import { assertionParams } from '../support/assertion.ts'
import { type Server, startServer } from '../support/server.ts'

const ALLOWED = /^[\x20-\x21\x23-\x5B\x5D-\x7E]{1,500}$/
const CALLBACK = 'https://shop.example.com/callback'
const API = 'https://api.example.com'
/** What a caller may send in any parameter, and an error may repeat. */
const HOSTILE = `"\\…’é😀<b>${'x'.repeat(3000)}`
/** Parameters whose refusal repeats what was sent. */
const REPEATED = [
  ['scope', 'posts:read '.padEnd(3000, 'x')],
  ['resource', `${API}/é/${'x'.repeat(3000)}`],
] as const
const REPEATS = /^the (?:scope|resource) \S+x{50}/
let server: Server
let app: App
let web: RegisteredClient

beforeAll(async () => {
  server = await startServer()
  const admin = await administrator(server)
  await admin.resource(API, ['posts:read'])
  web = await admin.client('web', {
    redirect_uris: [CALLBACK],
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  app = createApp(server, web, CALLBACK)
})

/** The descriptions of an answer, wherever it carries them, as the caller reads them. */
function descriptions({ headers, text }: { headers: Headers; text: string }): string[] {
  const found: (string | null | undefined)[] = []
  const location = URL.parse(headers.get('location') ?? '')
  if (location) found.push(new URLSearchParams((location.hash || location.search).slice(1)).get('error_description'))
  for (const [, quoted] of (headers.get('www-authenticate') ?? '').matchAll(/error_description="((?:[^"\\]|\\.)*)"/g)) {
    found.push(quoted)
  }
  if (/json/.test(headers.get('content-type') ?? '') && text !== '') {
    found.push((JSON.parse(text) as { error_description?: string }).error_description)
  }
  for (const [, value = ''] of text.matchAll(/name="error_description" value="([^"]*)"/g)) {
    found.push(value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#39;', "'").replaceAll('&amp;', '&'))
  }
  return found.filter((description) => typeof description === 'string')
}

describe('every description is within what OAuth allows', () => {
  test.each(['query', 'fragment', 'form_post'])('in answers by %s', async (mode) => {
    for (const [name, value] of REPEATED) {
      const { url } = app.begin({ response_mode: mode, resource: API, [name]: value })
      const answer = await server.fetch(url, { redirect: 'manual' })
      const found = descriptions({ headers: answer.headers, text: await answer.text() })
      // the redirect is read as the app reads it: decoded
      expect(found, name).toEqual([expect.stringMatching(ALLOWED)])
      expect(found[0]).toMatch(REPEATS)
    }
  })

  test('in JSON', async () => {
    const { issuer } = server
    for (const path of ['/token', '/par', '/introspect', '/revoke']) {
      const assertion = await assertionParams({ issuer, clientId: web.id, key: web.key, claims: { aud: HOSTILE } })
      const body = new URLSearchParams({ grant_type: 'authorization_code', token: 'x', ...assertion })
      const answer = await server.fetch(path, { method: 'POST', body })
      const [found] = descriptions({ headers: answer.headers, text: await answer.text() })
      expect(found, path).toMatch(ALLOWED)
      expect(found, path).toMatch(/^client assertion: aud is '/)
    }
    for (const [name, value] of REPEATED) {
      const { body } = await app.push({ ...app.begin().params, resource: API, [name]: value })
      expect(body['error_description'], name).toMatch(ALLOWED)
      expect(body['error_description'], name).toMatch(REPEATS)
    }
  })

  test('in challenges', async () => {
    const basic = `Basic ${Buffer.from(`${encodeURIComponent(HOSTILE)}:x`).toString('base64')}`
    for (const [path, authorization] of [
      ['/token', basic],
      ['/userinfo', 'Bearer x'],
      ['/userinfo', 'DPoP x'],
      ['/admin/v1/clients', 'Bearer x'],
    ] as const) {
      const init = path === '/token' ? { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) } : {}
      const answer = await server.fetch(path, { ...init, headers: { authorization } })
      const found = descriptions({ headers: answer.headers, text: await answer.text() })
      expect(found.length, path).toBeGreaterThan(0)
      for (const description of found) expect(description, path).toMatch(ALLOWED)
    }
  })
})
