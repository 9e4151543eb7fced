/** A start that is not possible ends with one sentence that says what to do: settings with 78, the rest with 1. */
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createKeyring, masterKeyId } from '#sealing/keyring.ts'
import { atEnd } from '../support/endings.ts'
import { freePort } from '../support/ports.ts'
import { startOldServer } from '../support/postgres-proxy.ts'
import { asSuperuser, cloneDatabase } from '../support/postgres.ts'
import { startProcess, temporaryDir } from '../support/server.ts'
import { runSignet } from './support/signet.ts'

// Whole processes start here, several in a test, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

/** Begun first and looked at later, for it takes half a minute. */
const unreachable = waitForNobody()
let dir: string
let port: number
beforeEach(async () => {
  dir = temporaryDir('serve')
  port = await freePort()
})

async function serve(env: Record<string, string>, ...args: string[]) {
  const settings = { PORT: String(port), SIGNET_MANAGEMENT_PORT: '0', ...env }
  return runSignet(['serve', ...args], { dir, env: settings })
}

/** The one sentence of a refusal; anything else on stderr fails the test. */
async function refusal(env: Record<string, string>): Promise<string> {
  const { code, stderr } = await serve(env)
  expect(code).toBe(1)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  return stderr.trimEnd()
}

describe('settings', () => {
  test('all faults stand in one list on stderr, with exit code 78', async () => {
    const { code, stdout, stderr } = await serve({ SIGNET_ISSUER: 'nowhere', SIGNET_WORKRES: '2', LOG_LEVEL: 'loud' })
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      'Signet cannot start: 3 settings must be mended.',
      '  SIGNET_ISSUER: must be an absolute URL that starts with https:// or http://, and "nowhere" is not. For example: SIGNET_ISSUER=https://id.example.com',
      '  LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent, and "loud" is not. For example: LOG_LEVEL=info',
      '  SIGNET_WORKRES: is not a variable of Signet; the nearest one is SIGNET_WORKERS. For example: SIGNET_WORKERS=auto',
      '',
    ])
  })

  test('with --json the list is one JSON object', async () => {
    const { code, stderr } = await serve({ SIGNET_WORKERS: 'many' }, '--json')
    expect(code).toBe(78)
    expect(JSON.parse(stderr)).toEqual({
      error: 'invalid_configuration',
      error_description: expect.stringContaining('SIGNET_WORKERS: must be a whole number from 1 to 256, or auto'),
    })
  })

  test('.env in the working directory is read', async () => {
    writeFileSync(join(dir, '.env'), 'SIGNET_MIGRATE=perhaps\n')
    const { code, stderr } = await serve({})
    expect(code).toBe(78)
    expect(stderr).toContain('SIGNET_MIGRATE: must be one of auto, off, and "perhaps" is not')
  })

  test('production refuses the embedded database, an http issuer and missing keys, and makes nothing', async () => {
    const { code, stderr } = await serve({ SIGNET_ISSUER: 'http://id.example.com' })
    expect(code).toBe(78)
    for (const name of ['SIGNET_ISSUER', 'DATABASE_URL', 'SIGNET_MASTER_KEYS']) expect(stderr).toContain(`  ${name}: `)
    expect(existsSync(join(dir, 'keys'))).toBe(false)
    expect(existsSync(join(dir, '.signet'))).toBe(false)
  })
})

describe('ports', () => {
  async function taken(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    atEnd(() => server.close())
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  test('a taken port is told with the setting that names another', async () => {
    port = await taken()
    expect(await refusal({})).toBe(
      `Port ${port} of 127.0.0.1 is taken: stop what listens there, or set PORT to another port.`,
    )
    // Told before a database was made.
    expect(existsSync(join(dir, '.signet'))).toBe(false)
  })

  test('so is a taken management port', async () => {
    const other = await taken()
    expect(await refusal({ SIGNET_MANAGEMENT_PORT: String(other) })).toBe(
      `Port ${other} of 127.0.0.1 is taken: stop what listens there, or set SIGNET_MANAGEMENT_PORT to another port.`,
    )
  })

  test('an address that this machine has not is told', async () => {
    expect(await refusal({ HOST: '192.0.2.1' })).toBe(
      'This machine has no address 192.0.2.1: set HOST to one that it has.',
    )
  })
})

describe('a given database', () => {
  test('that does not answer is waited for 30 seconds', async () => {
    const { code, stderr, seconds } = await unreachable
    expect(code).toBe(1)
    expect(seconds).toBeGreaterThan(28)
    expect(stderr).toMatch(
      /^PostgreSQL at 127\.0\.0\.1:9 did not answer within 30 seconds \(.+\): start it, or correct DATABASE_URL\.\n$/,
    )
    expect(stderr).not.toContain('hush')
  }, 45_000)

  test('that refuses the password is told at once, without the password', async () => {
    const url = new URL((await cloneDatabase()).url)
    url.password = 'hush-hush'
    const sentence = await refusal({ DATABASE_URL: url.href })
    expect(sentence).toMatch(/^PostgreSQL at .+ refuses the password of the user ".+": correct it in DATABASE_URL\.$/)
    expect(sentence).not.toContain('hush')
  })

  test('that is older than 14 is refused', async () => {
    const url = await startOldServer(130_021)
    expect(await refusal({ DATABASE_URL: url })).toBe(
      `PostgreSQL at ${new URL(url).host} is version 13, and Signet needs 14 or later: upgrade it, or set DATABASE_URL to another server.`,
    )
  })

  test('that a newer release migrated is refused', async () => {
    const { url } = await cloneDatabase()
    await asSuperuser((client) => client.query('UPDATE schema_release SET release = 9, oldest_compatible = 9'), url)
    expect(await refusal({ DATABASE_URL: url })).toMatch(
      /^The database was migrated by a newer Signet \(schema release 9\).+: install the newer version, or restore/,
    )
  })
})

describe('the data directory', () => {
  test('in use by another Signet is told with its process', async () => {
    const dataDir = join(dir, 'data')
    const server = await startProcess({ env: { DATABASE_URL: undefined, SIGNET_DATA_DIR: dataDir } })
    expect(await refusal({ SIGNET_DATA_DIR: dataDir })).toBe(
      `The data directory ${dataDir} is in use by another Signet (process ${server.pid}): stop that one, or set SIGNET_DATA_DIR to another directory.`,
    )
    expect((await server.fetch('/jwks')).status).toBe(200)
  })

  test('that cannot be written is told', async () => {
    writeFileSync(join(dir, 'file'), '')
    expect(await refusal({ SIGNET_DATA_DIR: join(dir, 'file/data') })).toMatch(
      /^The data directory .+ cannot be written \(.+\): give it to the user that runs Signet, or set SIGNET_DATA_DIR/,
    )
  })
})

describe('master keys', () => {
  const KEYS = [1, 2, 3].map((byte) => Buffer.alloc(32, byte).toString('base64url')) as [string, string, string]
  const idOf = (key: string) => masterKeyId(Buffer.from(key, 'base64url'))

  test('another key than the one that sealed the database is refused with the id of the one wanted', async () => {
    const { url } = await cloneDatabase()
    await (await startProcess({ databaseUrl: url, env: { SIGNET_MASTER_KEYS: KEYS[0] } })).stop()
    expect(await refusal({ DATABASE_URL: url, SIGNET_MASTER_KEYS: KEYS[1] })).toBe(
      `This database was sealed with the master key ${idOf(KEYS[0])}, and the one given is ${idOf(KEYS[1])}: put the wanted key back into master.key of the keys directory, or into SIGNET_MASTER_KEYS.`,
    )
  })

  test('a lost key file is told with the id that is wanted, and the key made meanwhile does not stay', async () => {
    const { url } = await cloneDatabase()
    const keysDir = join(dir, 'keys')
    const server = await startProcess({ databaseUrl: url, keysDir: temporaryDir('keys') })
    await server.stop()
    rmSync(keysDir, { recursive: true, force: true })
    expect(await refusal({ DATABASE_URL: url, SIGNET_KEYS_DIR: keysDir })).toMatch(
      /^This database was sealed with the master key [0-9a-f]{16}, and the one given is [0-9a-f]{16}: put the wanted key/,
    )
    expect(existsSync(join(keysDir, 'master.key'))).toBe(false)
  })

  test('a new key in front of the old one is taken, and stays known when the old one is gone', async () => {
    const { url } = await cloneDatabase()
    for (const keys of [KEYS[0], `${KEYS[1]},${KEYS[0]}`]) {
      await (await startProcess({ databaseUrl: url, env: { SIGNET_MASTER_KEYS: keys } })).stop()
    }
    const { rows } = await asSuperuser((client) => client.query('SELECT key_id, sealed FROM master_key_checks'), url)
    expect(rows.map((row: { key_id: string }) => row.key_id).toSorted()).toEqual(
      [idOf(KEYS[0]), idOf(KEYS[1])].toSorted(),
    )
    const keyring = createKeyring([Buffer.from(KEYS[1], 'base64url')])
    const check = rows.find((row: { key_id: string }) => row.key_id === idOf(KEYS[1])) as { sealed: Buffer }
    expect(keyring.open('master-key-check', check.sealed, idOf(KEYS[1])).toString()).toBe(idOf(KEYS[1]))
    expect(await refusal({ DATABASE_URL: url, SIGNET_MASTER_KEYS: KEYS[2] })).toContain(idOf(KEYS[2]))
  })

  test('a key file that others can read is refused', async () => {
    const keysDir = temporaryDir('keys')
    writeFileSync(join(keysDir, 'master.key'), KEYS[0])
    chmodSync(join(keysDir, 'master.key'), 0o640)
    const path = join(keysDir, 'master.key')
    expect(await refusal({ SIGNET_KEYS_DIR: keysDir })).toBe(
      `${path} can be read by others (mode 0640): run "chmod 600 ${path}" and start again.`,
    )
  })
})

async function waitForNobody() {
  const started = performance.now()
  const run = await runSignet(['serve'], {
    dir: temporaryDir('unreachable'),
    env: {
      PORT: String(await freePort()),
      SIGNET_MANAGEMENT_PORT: '0',
      DATABASE_URL: 'postgres://signet:hush@127.0.0.1:9/signet',
    },
  })
  return { ...run, seconds: (performance.now() - started) / 1000 }
}
