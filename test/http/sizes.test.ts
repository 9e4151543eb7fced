/** What is too large is refused as a page to browsers, and as JSON to programs. */
import { beforeAll, expect, test } from 'vitest'
import { textOf } from '../support/person.ts'
import { type Server, startServer } from '../support/server.ts'

const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'
let server: Server

beforeAll(async () => {
  server = await startServer()
})

test('a form that is too large is answered with a page once it has arrived', async () => {
  for (const [language, words] of [
    ['en', 'That is too much text'],
    ['ko', '내용이 너무 길어요'],
  ] as const) {
    const response = await server.fetch('/interaction/x/sign-in', {
      method: 'POST',
      headers: { accept: HTML, 'accept-language': language },
      body: new URLSearchParams({ identifier: 'x'.repeat(1_000_000) }),
    })
    expect([response.status, response.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8'])
    expect(textOf(await response.text())).toContain(words)
  }
})

test('cookies that are too large are answered with a page that says to delete them', async () => {
  const headers = { accept: HTML, cookie: `a=${'x'.repeat(17_000)}` }
  const response = await server.fetch('/authorize', { headers })
  expect([response.status, response.headers.get('content-type')]).toEqual([431, 'text/html; charset=utf-8'])
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(textOf(await response.text())).toContain('Delete the cookies of this site')
})

test('programs get JSON, and so does everybody whose head cannot be read', async () => {
  for (const [path, headers, status] of [
    ['/token', { accept: HTML, 'x-long': 'x'.repeat(17_000) }, 431],
    ['/authorize', { accept: 'application/json', 'x-long': 'x'.repeat(17_000) }, 431],
    ['/authorize', { accept: HTML, 'x-long': 'x'.repeat(40_000) }, 431],
  ] as const) {
    const response = await server.fetch(path, { headers })
    expect([path, response.status, await response.json()]).toEqual([
      path,
      status,
      { error: 'invalid_request', error_description: 'The request head is too large: at most 16384 bytes.' },
    ])
  }
})
