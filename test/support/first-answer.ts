/** First answers of the authorization endpoint: a page that leads nowhere, or an error at the registered place. */
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

/** One request as a browser sends it; no redirect is followed: the first answer is what counts. */
export async function firstAnswer(server: Server, url: string): Promise<FirstAnswer> {
  const response = await server.fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } })
  const location = response.headers.get('location')
  return { status: response.status, location, headers: response.headers, html: await response.text() }
}

/** The request is refused on a page of ours, which leads nowhere and cannot be framed, and the audit log knows. */
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
  const refused = await admin.audit('authorization.refused')
  expect(refused.find((event) => event['request_id'] === headers.get('x-request-id'))).toMatchObject({
    outcome: 'failure',
    reason: expect.stringMatching(/^\w+: .*\w+ \w+/) as string,
  })
}
