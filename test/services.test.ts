/** The services, as a test may have them. */
import { expect, test } from 'vitest'
import { administrator } from './support/administrator.ts'
import { startServer } from './support/server.ts'

test('a server runs by the clock that a test hands in, and fetches with the fetch of the test', async () => {
  const asked: string[] = []
  const at = new Date('2030-01-01T00:00:00Z')
  const server = await startServer({
    overrides: {
      clock: { now: () => at },
      fetch: async (url) => {
        asked.push(String(url))
        throw new Error('the test has no network')
      },
    },
  })
  const admin = await administrator(server)
  const jwksUri = 'https://app.example.com/jwks'
  const { id } = await admin.client('machine', { jwks_uri: jwksUri })
  const { client_id_issued_at: issuedAt } = await admin.call('GET', `/clients/${id}`)
  expect(issuedAt).toBe(at.getTime() / 1000)
  await admin.ask('POST', `/clients/${id}/keys/refetch`)
  expect(asked).toContain(jwksUri)
})
