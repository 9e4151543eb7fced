/** Names that pages show cannot disguise themselves, in all six places where somebody chooses one. */
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { mailOf } from '../support/mail-of.ts'
import { refusal } from '../support/rooms.ts'
import { startAdminApp } from './support/admin-app.ts'

const DISGUISED = ['Pay\u202Elap', '\u202DBank', 'A\u2066B\u2069', '\u200B\u200D', '\u2060 \uFEFF', 'a\u0007b']
const HONEST = ['नमस्\u200Dते', 'می\u200Cخواهم', '\u200Fشركة', 'Ada 👩\u200D💻']
const app = await startAdminApp()
let made = 0

const unique = () => `n${(made += 1)}`
const ask = (method: string, path: string, body: unknown) => app.call(method, path, { body })

describe.each([
  ['an account', 'name', (name: string) => ask('POST', '/accounts', { email: `${unique()}@example.com`, name })],
  [
    'a client',
    'client_name',
    (name: string) =>
      ask('POST', '/clients', { signet_profile: 'spa', client_name: name, redirect_uris: ['https://app.example/cb'] }),
  ],
  ['the server', 'brand.name', (name: string) => ask('PATCH', '/settings', { brand: { name } })],
  [
    'a resource',
    'name',
    (name: string) => ask('POST', '/resources', { resource: `https://${unique()}.example`, name }),
  ],
  [
    'a provider',
    'name',
    (name: string) => ask('POST', '/upstreams', { id: unique(), issuer: 'https://id.example', client_id: 'us', name }),
  ],
] as const)('the name of %s', (_what, field, create) => {
  test.each(DISGUISED)('%j is refused', async (name) => {
    expect(await create(name)).toMatchObject({ status: 400, body: { errors: [{ field }] } })
  })

  test.each(HONEST)('%j is accepted', async (name) => {
    expect((await create(name)).status).toBeLessThan(300)
  })
})

describe('the name of a passkey', () => {
  const passkeys = createPasskeys({ ...app, mail: mailOf(app), clock, brand: () => 'Signet' })
  // no account has this passkey, so an accepted name is refused for that alone
  const rename = (name: string) => refusal(passkeys.rename('acc-nobody', { id: 'psk-none', name }, SYSTEM))

  test.each(DISGUISED)('%j is refused', async (name) => {
    expect(await rename(name)).toMatchObject({ code: 'passkey_name_invalid', status: 422 })
  })

  test.each(HONEST)('%j is accepted', async (name) => {
    expect(await rename(name)).toMatchObject({ code: 'factor_not_found', status: 404 })
  })
})
