/** Checks first answers of the authorization endpoint: an error page, or an error at the redirect URI. */
import { expect } from 'vitest'
import type { Administrator } from './administrator.ts'
import { textOf } from './person.ts'
import type { Server } from './server.ts'

export interface FirstAnswer {
  readonly status: number
  readonly location: string | null
  readonly headers: Headers
  readonly html: string
}

/** Sends one request as a browser does, without following redirects. */
export async function firstAnswer(server: Server, url: string): Promise<FirstAnswer> {
  const response = await server.fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
  const location = response.headers.get('location')
  return { status: response.status, location, headers: response.headers, html: await response.text() }
}

/** Expects a refusal on our own page, without a redirect and unframeable, with an audit event. */
export async function expectRefusalPage(
  { server, admin }: { server: Server; admin: Administrator },
  url: string,
  sentence: RegExp,
): Promise<void> {
  const { status, location, headers, html } = await firstAnswer(server, url)
  expect({ status, location }).toEqual({ status: 400, location: null })
  expect(headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(textOf(html)).toMatch(sentence)
  expect(await admin.eventOf('authorization.refused', headers)).toMatchObject({
    outcome: 'failure',
    reason: expect.stringMatching(/^\w+: .*\w+ \w+/) as string,
  })
}
