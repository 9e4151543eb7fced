/** No signal opens a debugger in a server: whoever can reach its port could read every key. */
import { expect, test } from 'vitest'
import { startProcess } from '../support/server.ts'

test('SIGUSR1 opens no debugger, and the server goes on', async () => {
  const server = await startProcess()
  process.kill(server.pid, 'SIGUSR1')
  // Node announces the debugger before a request that comes later is answered
  for (let count = 0; count < 5; count += 1) expect((await server.fetch('/jwks')).status).toBe(200)
  expect(server.logs()).not.toMatch(/Debugger listening/)
})
