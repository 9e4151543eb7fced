/** Names that pages show cannot disguise themselves, in all six places where somebody chooses one. */
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import { systemClock as clock } from '#shared/clock.ts'
import { createPasskeys } from '#sign-in/passkey/passkeys.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { openRooms } from '../support/rooms.ts'
import { startAdminApp } from './support/admin-app.ts'

const app = await startAdminApp()
const rooms = await openRooms((await cloneDatabase()).url)
const passkeys = createPasskeys({ ...rooms, clock, issuer: 'https://id.example.com', brand: () => 'Signet' })
let made = 0

/** Returns the status and the faulty fields of a request with the name. */
async function asked(method: string, path: string, body: unknown) {
  const answer = await app.call(method, path, { body })
  return { status: answer.status, fields: (answer.body.errors ?? []).map(({ field }: { field: string }) => field) }
}

const unique = () => `n${(made += 1)}`
const PLACES: Readonly<Record<string, (name: string) => Promise<{ status: number; fields: string[] }>>> = {
  name: (name) => asked('POST', '/accounts', { email: `${unique()}@example.com`, name }),
  client_name: (name) =>
    asked('POST', '/clients', { signet_profile: 'spa', client_name: name, redirect_uris: ['https://app.example/cb'] }),
  'brand.name': (name) => asked('PATCH', '/settings', { brand: { name } }),
}
const FURTHER: typeof PLACES = {
  'resource name': (name) => asked('POST', '/resources', { resource: `https://${unique()}.example`, name }),
  'upstream name': (name) =>
    asked('POST', '/upstreams', { id: unique(), issuer: 'https://id.example', client_id: 'us', name }),
  'passkey name': async (name) => {
    const account = await rooms.accounts.create({ email: `${unique()}@example.com` }, SYSTEM)
    const error: unknown = await passkeys
      .rename(account.id, { id: 'psk-none', name }, SYSTEM)
      .catch((it: unknown) => it)
    // a name that is accepted is one of a passkey that is not there
    const { status } = error as { status: number }
    return { status: status === 404 ? 200 : 400, fields: ['passkey name'] }
  },
}

describe.each(Object.entries({ ...PLACES, ...FURTHER }))('%s', (place, ask) => {
  test.each(['Pay\u202Elap', '\u202DBank', 'A\u2066B\u2069', '\u200B\u200D', '\u2060 \uFEFF', 'a\u0007b'])(
    '%j is refused',
    async (name) => {
      const { status, fields } = await ask(name)
      expect([status, fields]).toEqual([
        400,
        [place.startsWith('resource') || place.startsWith('upstream') ? 'name' : place],
      ])
    },
  )

  test.each(['नमस्\u200Dते', 'می\u200Cخواهم', '\u200Fشركة', 'Ada 👩\u200D💻'])('%j is taken', async (name) => {
    expect((await ask(name)).status).toBeLessThan(300)
  })
})
