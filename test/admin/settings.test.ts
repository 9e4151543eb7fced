/** `/settings`. */
import { expect, test } from 'vitest'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()

test('shows every setting, and takes what it showed back without a change', async () => {
  const read = await app.call('GET', '/settings')
  expect(read).toMatchObject({
    status: 200,
    body: { lifetimes: { refresh_grace_seconds: 60, session_absolute_seconds: 1_209_600 }, overridden: [] },
  })
  const etag = read.headers.get('etag') as string
  const changed = await app.call('PATCH', '/settings', { body: read.body, headers: { 'if-match': etag } })
  expect(changed.status).toBe(200)
  expect((changed.body as Settings).lifetimes).toEqual((read.body as Settings).lifetimes)
})

test('changes what is given, with an audit event, and takes the default again for null', async () => {
  const changed = await app.call('PATCH', '/settings', { body: { lifetimes: { id_token_seconds: 600 } } })
  expect(changed).toMatchObject({ status: 200, body: { lifetimes: { id_token_seconds: 600 } } })
  expect((changed.body as Settings).overridden).toContain('lifetimes.id_token_seconds')
  expect((await app.events('settings.updated'))[0]).toMatchObject({
    outcome: 'success',
    actor: { kind: 'client', id: app.caller.id },
    detail: { changed: ['lifetimes.id_token_seconds'] },
    requestId: changed.headers.get('x-request-id'),
  })
  const reset = await app.call('PATCH', '/settings', { body: { lifetimes: { id_token_seconds: null } } })
  expect(reset).toMatchObject({ status: 200, body: { lifetimes: { id_token_seconds: 3600 } } })
  expect((reset.body as Settings).overridden).not.toContain('lifetimes.id_token_seconds')
})

test('names every fault: what is unknown, out of bounds, of the wrong type', async () => {
  const before = await app.call('GET', '/settings')
  const body = { lifetimes: { refresh_grace_seconds: 301, id_tokn_seconds: 5, interaction_seconds: '900' }, brnd: {} }
  const refused = await app.call('PATCH', '/settings', { body })
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  expect((refused.body as { errors: unknown[] }).errors).toEqual(
    expect.arrayContaining([
      { field: 'lifetimes.refresh_grace_seconds', given: 301, expected: 'a number of at most 300' },
      { field: 'lifetimes.id_tokn_seconds', given: 5, expected: 'no member of this name' },
      { field: 'lifetimes.interaction_seconds', given: '900', expected: 'a number' },
      { field: 'brnd', given: {}, expected: 'no member of this name; brand exists' },
    ]),
  )
  expect((await app.call('GET', '/settings')).body).toEqual(before.body)
})

test('refuses a change made against an older version', async () => {
  const headers = { 'if-match': '"1"' }
  const refused = await app.call('PATCH', '/settings', { body: { lifetimes: { id_token_seconds: 900 } }, headers })
  expect(refused).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
  expect((refused.body as { detail: string }).detail).toContain('The settings document was changed meanwhile')
})

interface Settings {
  lifetimes: Record<string, number>
  overridden: string[]
}
