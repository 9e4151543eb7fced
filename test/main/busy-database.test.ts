/** A server starts beside a PostgreSQL that is too busy to open connections in time. */
import { expect, test } from 'vitest'
import { startBusyProxy } from '../support/postgres-proxy.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { startServer } from '../support/server.ts'

test('a start waits for PostgreSQL, whichever of its connections is not answered', async () => {
  const { url } = await cloneDatabase()
  // the first connection under the name `signet` only asks whether PostgreSQL is there
  const unanswered = { signet: 2, 'signet-migrate': 1, 'signet-probe': 1, 'signet-listen': 1 }
  const server = await startServer({ databaseUrl: await startBusyProxy(url, unanswered) })
  expect((await server.fetch('/jwks')).status).toBe(200)
  const told = server.logLines().filter(({ level }) => level === 'warn')
  expect(told.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^waiting for PostgreSQL at 127\.0\.0\.1:\d+$/),
      'PostgreSQL does not answer yet: the start waits',
    ]),
  )
})
