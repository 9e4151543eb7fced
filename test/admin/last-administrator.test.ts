/** The last client that can administer the server, on two processes, and the client of the command line at a start. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Administrator, administrator, type RegisteredClient } from '../support/administrator.ts'
import { asSuperuser } from '../support/postgres.ts'
import { type ServerProcess, startProcesses } from '../support/server.ts'
import { runSignet } from '../cli/support/signet.ts'

let one: ServerProcess
let two: ServerProcess
let admin: Administrator
let api: string

beforeAll(async () => {
  ;[one, two] = (await startProcesses(2)) as [ServerProcess, ServerProcess]
  admin = await administrator(one)
  api = `${one.issuer}/admin/v1`
})

function anAdministrator(): Promise<RegisteredClient> {
  return admin.client('machine', { signet_allow: [{ resource: api, scopes: ['clients:read', 'clients:write'] }] })
}

async function scopesOfCli(): Promise<readonly string[] | undefined> {
  const { signet_allow: allow } = await admin.call<{ signet_allow: { resource: string; scopes: string[] }[] }>(
    'GET',
    '/clients/signet-cli',
  )
  return allow.find(({ resource }) => resource === api)?.scopes
}

/** The rights of signet-cli, read without its help. */
async function stored(): Promise<unknown[]> {
  return asSuperuser(async (client) => {
    const sql = `SELECT c.status, a.resource, a.scopes FROM clients c LEFT JOIN client_allowances a ON a.client_id = c.id
      WHERE c.id = 'signet-cli'`
    return (await client.query(sql)).rows
  }, one.databaseUrl)
}

async function startAgain(): Promise<void> {
  await one.stop()
  await one.restart()
}

async function recover(): Promise<void> {
  renameSync(join(one.keysDir, 'admin-cli.jwk.json'), join(one.keysDir, `old-${Date.now()}.jwk.json`))
  const env = { SIGNET_ISSUER: one.issuer, SIGNET_KEYS_DIR: one.keysDir, DATABASE_URL: one.databaseUrl }
  expect(await runSignet(['recover'], { dir: one.keysDir, env })).toMatchObject({ code: 0, stderr: '' })
  admin = await administrator(one)
  await expect.poll(() => scopesOfCli().catch(() => undefined)).toContain('clients:write')
}

describe('alone', () => {
  const allowance = '/clients/signet-cli/allowances/{api}'
  const withApi = (path: string) => path.replace('{api}', encodeURIComponent(api))
  test.each([
    ['deleted', 'DELETE', '/clients/signet-cli', undefined],
    ['disabled', 'POST', '/clients/signet-cli/disable', undefined],
    ['stripped of the admin API', 'DELETE', allowance, undefined],
    ['stripped of clients:write', 'PUT', allowance, { scopes: ['clients:read', 'audit:read'] }],
    ['stripped of every resource', 'PATCH', '/clients/signet-cli', { signet_allow: [], signet_default_resource: null }],
    [
      'made an app for people',
      'PATCH',
      '/clients/signet-cli',
      { signet_profile: 'web', redirect_uris: ['https://app.example.com/cb'], grant_types: null },
    ],
    [
      'left without a secret',
      'PATCH',
      '/clients/signet-cli',
      { token_endpoint_auth_method: 'client_secret_basic', jwks: null },
    ],
  ] as const)('the last administrator client cannot be %s', async (_how, method, path, body) => {
    const before = await stored()
    const answer = await admin.ask(method, withApi(path), body === undefined ? {} : { body })
    expect(answer).toMatchObject({ status: 409, body: { code: 'last_administrator' } })
    expect((answer.body as { detail: string }).detail).toContain('run "signet recover" on the server')
    expect(await stored()).toEqual(before)
    const [refused] = await admin.audit('admin.refused')
    expect(refused).toMatchObject({ reason: 'last_administrator', detail: { method, status: 409 } })
  })

  test('its last key cannot be revoked', async () => {
    const { jwks } = await admin.call<{ jwks: { keys: { kid: string }[] } }>('GET', '/clients/signet-cli')
    const answer = await admin.ask('DELETE', `/clients/signet-cli/keys/${jwks.keys[0]?.kid}`)
    expect(answer).toMatchObject({ status: 409, body: { code: 'last_administrator' } })
    expect((await admin.ask('GET', '/clients')).status).toBe(200)
  })

  test('a scope that is not clients:write may go', async () => {
    const scopes = (await scopesOfCli()) as string[]
    const put = (names: readonly string[]) => admin.call('PUT', withApi(allowance), { scopes: names })
    await put(scopes.filter((name) => name !== 'keys:read'))
    await startAgain()
    expect(await scopesOfCli()).not.toContain('keys:read')
    await recover()
    expect((await scopesOfCli())?.toSorted()).toEqual(scopes.toSorted())
  })
})

test.each([
  ['has no key that works', 'DELETE', '/keys/k1'],
  ['is disabled', 'POST', '/disable'],
] as const)('another client that %s is no administrator', async (_why, method, path) => {
  const { id } = await anAdministrator()
  await admin.call(method, `/clients/${id}${path}`)
  expect((await admin.ask('DELETE', '/clients/signet-cli')).status).toBe(409)
  await admin.call('DELETE', `/clients/${id}`)
})

test('of the last two administrator clients, deleted at once through two processes, one stays', async () => {
  const { id } = await anAdministrator()
  const answers = await asSuperuser(async (holder) => {
    await holder.query('BEGIN')
    await holder.query(`SELECT pg_advisory_xact_lock(hashtextextended('last_administrator', 0))`)
    const both = [
      admin.ask('DELETE', '/clients/signet-cli', { through: one }),
      admin.ask('DELETE', `/clients/${id}`, { through: two }),
    ]
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
    // each has deleted its client and waits to look for others
    await expect.poll(async () => (await holder.query(waiting)).rowCount).toBe(2)
    await holder.query('COMMIT')
    return Promise.all(both)
  }, one.databaseUrl)
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
  const refused = answers.find(({ status }) => status === 409)
  expect(refused?.body).toMatchObject({ code: 'last_administrator' })
  await recover()
  await admin.ask('DELETE', `/clients/${id}`)
})

test('a deleted signet-cli stays deleted at the next start, and its id is not given again, until it is recovered', async () => {
  const { id } = await anAdministrator()
  await admin.call('DELETE', '/clients/signet-cli')
  await startAgain()
  expect(await stored()).toEqual([])
  expect(one.logs()).toContain('signet-cli was deleted and stays deleted')
  await recover()
  expect(await stored()).toMatchObject([{ status: 'enabled', resource: api }])
  await startAgain()
  expect(await stored()).toMatchObject([{ status: 'enabled', resource: api }])
  await admin.call('DELETE', `/clients/${id}`)
})

test('a disabled and narrowed signet-cli stays so at the next start, and is whole again once recovered', async () => {
  const { id } = await anAdministrator()
  const whole = await scopesOfCli()
  await admin.call('PUT', `/clients/signet-cli/allowances/${encodeURIComponent(api)}`, {
    scopes: ['clients:read', 'clients:write'],
  })
  await admin.call('POST', '/clients/signet-cli/disable')
  await startAgain()
  const narrowed = { status: 'disabled', resource: api, scopes: ['clients:read', 'clients:write'] }
  expect(await stored()).toEqual([narrowed])
  await recover()
  expect((await scopesOfCli())?.toSorted()).toEqual(whole?.toSorted())
  await admin.call('DELETE', `/clients/${id}`)
})
