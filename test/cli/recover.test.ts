/** `signet recover`: a lost key of signet-cli is made anew on the server, the old one stops working, the log has it. */
import { readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'
import { administrator } from '../support/administrator.ts'
import { signAssertion } from '../support/assertion.ts'
import { type Server, startServer, temporaryDir } from '../support/server.ts'
import { runSignet } from './support/signet.ts'
import { SOON_MS } from '../support/eventually.ts'

// Whole processes start here, several in a test, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

function readKey(file: string): JWK {
  return JSON.parse(readFileSync(file, 'utf8')) as JWK
}

async function tokenWith(server: Server, key: JWK): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await server.fetch('/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion({ issuer: server.issuer, clientId: 'signet-cli', key }),
      resource: `${server.issuer}/admin/v1`,
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

describe('on the database of a running server', () => {
  let server: Server
  let file: string
  beforeEach(async () => {
    server = await startServer()
    file = join(server.keysDir, 'admin-cli.jwk.json')
  })

  const recover = (...args: string[]) =>
    runSignet(['recover', ...args], {
      dir: server.keysDir,
      env: { SIGNET_ISSUER: server.issuer, SIGNET_KEYS_DIR: server.keysDir, DATABASE_URL: server.databaseUrl },
    })

  test('makes a new key that works at once, ends the old one, and leaves an audit event', async () => {
    const old = readKey(file)
    rmSync(file)
    const { code, stdout, stderr } = await recover('--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const key = readKey(file)
    expect(JSON.parse(stdout)).toEqual({ client_id: 'signet-cli', kid: key.kid, file, registered: true })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(key.kid).not.toBe(old.kid)

    await expect.poll(async () => (await tokenWith(server, key)).status, { timeout: SOON_MS }).toBe(200)
    expect(await tokenWith(server, old)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    const events = await (await administrator(server)).audit('admin.recovered')
    expect(events).toMatchObject([
      { actor: { kind: 'system' }, outcome: 'success', subject: { kind: 'client', id: 'signet-cli' } },
    ])
  })

  test('a key that is there is never written over', async () => {
    const before = readFileSync(file, 'utf8')
    const { code, stderr } = await recover()
    expect(code).toBe(1)
    expect(stderr).toBe(
      `${file} exists, and a key is never written over: move it away, then run "signet recover" again.\n`,
    )
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect((await tokenWith(server, readKey(file))).status).toBe(200)
  })

  test('brings a disabled signet-cli back', async () => {
    const admin = await administrator(server)
    const scopes = ['clients:read', 'clients:write']
    await admin.client('machine', { signet_allow: [{ resource: `${server.issuer}/admin/v1`, scopes }] })
    await admin.call('POST', '/clients/signet-cli/disable')
    renameSync(file, `${file}.old`)
    expect((await recover()).code).toBe(0)
    await expect.poll(async () => (await tokenWith(server, readKey(file))).status, { timeout: SOON_MS }).toBe(200)
  })
})

test('before the first start the client is registered with the new key', async () => {
  const dir = temporaryDir('recover')
  const { url } = await cloneDatabase()
  const env = { DATABASE_URL: url, SIGNET_ISSUER: 'http://localhost:3000' }
  const { stdout } = await runSignet(['recover'], { dir, env })
  expect(stdout).toContain('signet-cli has a new key: ')
  const { rows } = await asSuperuser(
    (client) => client.query('SELECT type, outcome FROM audit_events ORDER BY id'),
    url,
  )
  expect(rows).toEqual([
    { type: 'client.created', outcome: 'success' },
    { type: 'admin.recovered', outcome: 'success' },
  ])
  const server = await startServer({ databaseUrl: url, keysDir: join(dir, 'keys') })
  expect((await tokenWith(server, readKey(join(dir, 'keys/admin-cli.jwk.json')))).status).toBe(200)
})

test('a database that cannot be reached leaves no new key behind', async () => {
  const dir = temporaryDir('recover')
  const { code, stderr } = await runSignet(['recover'], {
    dir,
    env: { DATABASE_URL: 'postgres://signet@127.0.0.1:9/signet' },
  })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^PostgreSQL at 127\.0\.0\.1:9 did not answer .+\.\n$/)
  expect(() => statSync(join(dir, 'keys/admin-cli.jwk.json'))).toThrow(/ENOENT/)
})
