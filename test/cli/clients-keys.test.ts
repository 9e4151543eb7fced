/** `signet clients keys`: the life of a client's keys, from the command line. */
import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createDatabase } from '#database/pool.ts'
import { keysHost } from '../support/keys-host.ts'
import { startSignet } from './support/signet.ts'

const API = 'https://api.example.com'
const signet = await startSignet()
await signet.json(['resources', 'create', API, '--scope', 'posts:read'])

async function aMachine(...options: string[]) {
  const file = 'first.jwk.json'
  const client = await signet.json(['clients', 'create', '--profile', 'machine', '--generate-key', file, ...options])
  return { id: client.client_id as string, file }
}

function aPublicJwk(kid: string) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
}

test('changes a key without an outage: add, see it used, revoke the old one', async () => {
  const { id, file } = await aMachine('--allow', `${API}=posts:read`)
  const added = await signet.run(['clients', 'keys', 'add', id, '--generate-key', 'second.jwk.json'])
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(`^The client ${id} has 2 keys now\\.\n`) })
  const token = (key: string) => signet.run(['token', '--client-id', id, '--key', key])
  const list = async () => {
    const keys = await signet.json<{ kid: string; status: string; last_used_at: string | null }[]>([
      'clients',
      'keys',
      'list',
      id,
    ])
    return new Map(keys.map((key) => [key.kid, { status: key.status, isUsed: key.last_used_at !== null }]))
  }
  const [first, second] = await Promise.all(
    [file, 'second.jwk.json'].map(async (name) => JSON.parse(await readFile(join(signet.dir, name), 'utf8'))),
  )
  expect((await token(file)).code).toBe(0)
  expect(Object.fromEntries(await list())).toEqual({
    [first.kid]: { status: 'active', isUsed: true },
    [second.kid]: { status: 'active', isUsed: false },
  })
  expect((await signet.run(['clients', 'keys', 'list', id])).stdout).toMatch(
    new RegExp(`${second.kid}  ES256  [\\d: -]{19}  never used +active\n`),
  )
  expect((await token('second.jwk.json')).code).toBe(0)

  // the name it had before
  expect((await signet.run(['clients', 'keys', 'remove', id, first.kid, '--yes'])).code).toBe(0)
  expect([(await token(file)).code, (await token('second.jwk.json')).code]).toEqual([1, 0])
  expect(Object.fromEntries(await list())).toEqual({
    [first.kid]: { status: 'revoked', isUsed: true },
    [second.kid]: { status: 'active', isUsed: true },
  })
  expect(await signet.run(['clients', 'keys', 'revoke', id, first.kid, '--yes'])).toMatchObject({
    code: 1,
    stderr: `The client "${id}" has no key "${first.kid}" that could be revoked.\n`,
  })
  expect(await signet.run(['clients', 'keys', 'revoke', id, second.kid, '--yes'])).toMatchObject({
    code: 0,
    stdout: `Revoked the key ${second.kid} of the client ${id}: what it signs is refused.
It was the last one: the client cannot authenticate until it has another.
`,
  })
  expect((await token('second.jwk.json')).code).toBe(1)
})

test('tells for how many days a key was not used', async () => {
  const { client_id: id } = await signet.json<{ client_id: string }>([
    ['clients', 'create', '--profile', 'machine', '--generate-key', 'idle.jwk.json'],
  ])
  const db = createDatabase({ url: signet.server.databaseUrl, poolSize: 1 })
  const usedAgo = async (days: number) => {
    const sql = `UPDATE client_keys SET last_used_at = now() - make_interval(hours => $2) WHERE client_id = $1`
    await db.query(sql, [id, days * 24 + 1])
    return (await signet.run(['clients', 'keys', 'list', id])).stdout
  }
  expect(await usedAgo(40)).toContain('  unused for 40 days  active\n')
  expect(await usedAgo(1)).toContain('  unused for 1 day  active\n')
  expect(await usedAgo(0)).not.toMatch(/unused|never/)
  await db.close()
})

test('tells what the address of a client shows, and why it shows nothing', async () => {
  const host = await keysHost([aPublicJwk('k1')])
  const { client_id: id } = await signet.json<{ client_id: string }>([
    'clients',
    'create',
    '--profile',
    'machine',
    '--jwks-uri',
    host.url,
  ])
  expect((await signet.run(['clients', 'keys', 'list', id])).stdout).toBe(`No key of the client ${id} was seen.\n`)
  const fetched = await signet.run(['clients', 'keys', 'refetch', id])
  expect(fetched).toMatchObject({ code: 0, stderr: '' })
  expect(fetched.stdout).toMatch(
    new RegExp(
      `^The client ${id} publishes its keys at ${host.url}\\.\nFetched last at [\\d: -]{19} UTC\\.\n\n.*\nk1 +ES256  [\\d: -]{19} +never used +active\n$`,
    ),
  )
  host.answer.keys = Array.from({ length: 51 }, (_, n) => aPublicJwk(`k${n + 1}`))
  expect((await signet.run(['clients', 'keys', 'refetch', id])).stdout).toContain(
    '\nIt publishes 1 more than the 50 that are read: those after the 50th are not used.\n',
  )
  host.answer.keys = [aPublicJwk('k1')]
  await signet.run(['clients', 'keys', 'refetch', id])
  host.answer.status = 503
  const refused = await signet.run(['clients', 'keys', 'refetch', id])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(
    new RegExp(
      `^The keys of the client ${id} could not be fetched from ${host.url}: it answered with status 503\\. The keys fetched at [\\d: -]{19} UTC stay\\.\n$`,
    ),
  )
  expect((await signet.run(['clients', 'keys', 'list', id])).stdout).toContain(
    'nothing came: it answered with status 503\n',
  )
  expect(await signet.run(['clients', 'keys', 'refetch', 'signet-cli'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^The client "signet-cli" has no jwks_uri: there is nothing to fetch\.\n$/),
  })
})
