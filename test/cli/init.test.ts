/** `signet init`: makes the keys once and never writes over a file. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { beforeEach, expect, test } from 'vitest'
import { masterKeyId } from '#sealing/keyring.ts'
import { temporaryDir } from '../support/server.ts'
import { runSignet } from './support/signet.ts'

let dir: string
beforeEach(() => {
  dir = temporaryDir('init')
})

const init = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  runSignet(['init', ...args], { dir, env })

test('makes a private keys directory with both keys and prints what to keep a copy of', async () => {
  const { code, stdout, stderr } = await init()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/The keys are ready in .+\/keys\./)
  expect(stdout).toMatch(/made {2}.+master\.key {2}\([0-9a-f]{16}\)/)
  expect(stdout).toContain('Keep a copy of master.key in a safe place')
  expect(statSync(join(dir, 'keys')).mode & 0o777).toBe(0o700)
  for (const file of ['master.key', 'admin-cli.jwk.json']) {
    expect(statSync(join(dir, 'keys', file)).mode & 0o777, file).toBe(0o600)
  }
})

test('the key of signet-cli is a P-256 private JWK whose kid is its thumbprint', async () => {
  await init()
  const key = JSON.parse(readFileSync(join(dir, 'keys/admin-cli.jwk.json'), 'utf8')) as JWK
  expect(Object.keys(key)).toEqual(['kty', 'crv', 'x', 'y', 'd', 'kid', 'alg', 'use'])
  expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
  expect(key.kid).toBe(await calculateJwkThumbprint(key))
})

test('a second run changes nothing and says so', async () => {
  await init()
  const read = () => ['master.key', 'admin-cli.jwk.json'].map((file) => readFileSync(join(dir, 'keys', file), 'utf8'))
  const before = read()
  const { code, stdout } = await init()
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Nothing to do: the keys in .+ exist and stay as they are\./)
  expect(read()).toEqual(before)
})

test('makes only what is missing, and tells it as one JSON document', async () => {
  const keysDir = join(dir, 'elsewhere')
  mkdirSync(keysDir)
  const key = Buffer.alloc(32, 5)
  writeFileSync(join(keysDir, 'master.key'), key.toString('base64url'), { mode: 0o600 })
  const { stdout } = await init(['--json'], { SIGNET_KEYS_DIR: keysDir })
  expect(JSON.parse(stdout)).toEqual({
    keys_dir: keysDir,
    master_key: { file: join(keysDir, 'master.key'), made: false, key_ids: [masterKeyId(key)] },
    cli_key: { file: join(keysDir, 'admin-cli.jwk.json'), made: true },
  })
})

test('what it made is taken by a production server, and the key itself is never printed', async () => {
  const { stdout } = await init()
  const key = readFileSync(join(dir, 'keys/master.key'), 'utf8').trim().split('\n').at(-1) as string
  expect(key).toMatch(/^[\w-]{43}$/)
  expect(stdout).not.toContain(key)
  const { stderr } = await runSignet(['serve'], { dir, env: { SIGNET_ISSUER: 'https://id.example.com' } })
  // Everything else is missing, but not the keys.
  expect(stderr).toContain('DATABASE_URL')
  expect(stderr).not.toContain('SIGNET_MASTER_KEYS')
})

test('a directory that cannot be made is told in one sentence', async () => {
  writeFileSync(join(dir, 'file'), '')
  const { code, stderr } = await init(['--json'], { SIGNET_KEYS_DIR: join(dir, 'file/keys') })
  expect(code).toBe(1)
  expect(JSON.parse(stderr)).toEqual({
    error: 'key_file_refused',
    error_description: `${join(dir, 'file/keys')} cannot be written (ENOTDIR): let the user that runs Signet write there, or set SIGNET_KEYS_DIR.`,
  })
})
