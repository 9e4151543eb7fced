/** A server whose issuer was changed in its settings. */
import { expect, test } from 'vitest'
import { administrator } from '../support/administrator.ts'
import { startServer } from '../support/server.ts'

test('is administered by signet-cli under the new one', async () => {
  const { keysDir, port, ...server } = await startServer()
  await server.stop()
  const issuer = `http://127.0.0.1:${port}`
  await server.restart({ SIGNET_ISSUER: issuer })
  const fetch = ((path: string, init) => server.fetch(issuer + path, init)) as typeof globalThis.fetch
  const admin = await administrator({ issuer, fetch, keysDir })
  expect(await admin.call('GET', '/clients/signet-cli')).toMatchObject({
    signet_allow: [{ resource: `${issuer}/admin/v1` }],
    signet_default_resource: `${issuer}/admin/v1`,
  })
})
