/** Conveniences of registration on the command line: keys of every algorithm and form, chosen ids, clients by name. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importJWK, SignJWT } from 'jose'
import { ASSERTION_TYPE } from '../support/assertion.ts'
import { startSignet } from './support/signet.ts'

const API = 'https://api.example.com'
const signet = await startSignet()
await signet.json(['resources', 'create', API, '--scope', 'posts:read'])
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const MACHINE = ['clients', 'create', '--profile', 'machine', '--allow', `${API}=posts:read`]
const fileOf = (name: string) => readFile(join(signet.dir, name), 'utf8')

describe('--generate-key', () => {
  test.each([
    ['ES256', ['kty', 'crv', 'x', 'y', 'd', 'kid', 'alg', 'use']],
    ['EdDSA', ['kty', 'crv', 'x', 'd', 'kid', 'alg', 'use']],
    ['RS256', ['kty', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'kid', 'alg', 'use']],
    ['PS256', ['kty', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'kid', 'alg', 'use']],
  ])('makes a key for %s as a JWK that gets a token, and sends the public members only', async (alg, members) => {
    const file = `${alg}.jwk.json`
    const client = await signet.json([MACHINE, ['--generate-key', file, '--alg', alg]])
    const key = JSON.parse(await fileOf(file)) as Record<string, string>
    expect(Object.keys(key).toSorted()).toEqual([...members].toSorted())
    expect((await stat(join(signet.dir, file))).mode & 0o777).toBe(0o600)
    const { keys } = client['jwks'] as { keys: Record<string, unknown>[] }
    const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicMembers } = key
    expect(keys).toEqual([publicMembers])
    const token = await signet.json(['token', '--client-id', String(client['client_id']), '--key', file])
    expect(token).toMatchObject({ token_type: 'Bearer', scope: 'posts:read' })
  })

  test('writes a PEM file (PKCS#8) that libraries read, and that is no key for signet itself', async () => {
    const client = await signet.json([MACHINE, ['--generate-key', 'key.pem', '--alg', 'RS256', '--format', 'pem']])
    const pem = await fileOf('key.pem')
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect((await stat(join(signet.dir, 'key.pem'))).mode & 0o777).toBe(0o600)
    const { n, e } = createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' })
    const [{ kid = '', ...registered } = {}] = (client['jwks'] as { keys: { kid?: string }[] }).keys
    expect(registered).toEqual({ kty: 'RSA', n, e, alg: 'RS256', use: 'sig' })
    const id = String(client['client_id'])
    const jwk = { ...createPrivateKey(pem).export({ format: 'jwk' }), alg: 'RS256' }
    const assertion = await new SignJWT({ iss: id, sub: id, aud: signet.server.issuer, jti: 'once' })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(await importJWK(jwk))
    const answer = await signet.server.fetch('/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: assertion,
      }),
    })
    expect(answer.status).toBe(200)
    expect(await signet.run(['token', '--client-id', id, '--key', 'key.pem'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'key.pem is a PEM file: give a key that was made with --format jwk.\n',
    })
  })

  test('makes such keys for a client that is there, too', async () => {
    const client = await signet.json([MACHINE, ['--generate-key', 'first.jwk.json']])
    const id = String(client['client_id'])
    const added = await signet.json<{ alg: string }[]>([
      ['clients', 'keys', 'add', id, '--generate-key', 'second.jwk.json', '--alg', 'EdDSA'],
    ])
    expect(added).toMatchObject([{ alg: 'EdDSA' }])
    const updated = await signet.json(['clients', 'update', id, '--generate-key', 'third.jwk.json', '--alg', 'PS256'])
    expect(updated['jwks']).toMatchObject({ keys: [{ alg: 'PS256' }] })
  })

  test.each([
    [['--alg', 'RS256'], '--alg and --format belong to --generate-key FILE.'],
    [['--format', 'pem'], '--alg and --format belong to --generate-key FILE.'],
    [['--generate-key', 'x', '--alg', 'HS256'], 'Allowed choices are RS256, PS256, ES256, EdDSA'],
    [['--generate-key', 'x', '--format', 'der'], 'Allowed choices are jwk, pem'],
  ])('%j is wrong usage', async (options, sentence) => {
    const { code, stderr } = await signet.run([MACHINE, options])
    expect(code).toBe(2)
    expect(stderr).toContain(sentence)
    expect(existsSync(join(signet.dir, 'x'))).toBe(false)
  })

  test('is named where a client has no key', async () => {
    const { code, stderr } = await signet.run(MACHINE)
    expect(code).toBe(1)
    expect(stderr).toContain(
      '  jwks: missing; expected the public keys that the client signs with (jwks), or where they are (jwks_uri); signet clients create makes a key with --generate-key FILE\n',
    )
  })
})

test('a device is a public client with the device grant, and a native app may add it', async () => {
  const created = await signet.json([
    'clients',
    'create',
    '--profile',
    'device',
    '--name',
    'TV',
    '--allow',
    `${API}=posts:read`,
  ])
  expect(created).toMatchObject({
    signet_profile: 'device',
    token_endpoint_auth_method: 'none',
    grant_types: [DEVICE, 'refresh_token'],
    redirect_uris: [],
  })
  expect(created).not.toHaveProperty('client_secret')
  const grants = ['--grant', 'authorization_code', '--grant', DEVICE]
  const native = ['clients', 'create', '--profile', 'native', '--name', 'tool', '--redirect-uri', 'http://127.0.0.1/cb']
  expect(await signet.json([...native, ...grants])).toMatchObject({ grant_types: expect.arrayContaining([DEVICE]) })
})

test('only methods and profiles that the server takes can be chosen', async () => {
  const method = await signet.run([MACHINE, ['--auth', 'client_secret_jwt']])
  expect(method.code).toBe(2)
  expect(method.stderr).toContain('Allowed choices are private_key_jwt, client_secret_basic, client_secret_post,')
  const certificate = await signet.run([MACHINE, ['--auth', 'tls_client_auth']])
  expect(certificate.code).toBe(1)
  expect(certificate.stderr).toContain(
    'given "tls_client_auth"; expected for machine private_key_jwt, client_secret_basic, client_secret_post\n',
  )
  const profile = await signet.run(['clients', 'create', '--profile', 'gadget'])
  expect(profile.code).toBe(2)
  expect(profile.stderr).toContain('Allowed choices are web, spa, native, machine, device, fapi2.')
})

describe('--id', () => {
  test('keeps the id of a client that moves in, once, also when it was deleted', async () => {
    const create = [MACHINE, ['--id', '0oa1b2_C.3', '--generate-key', 'moved.jwk.json']]
    expect(await signet.json(create)).toMatchObject({ client_id: '0oa1b2_C.3' })
    const token = await signet.json(['token', '--client-id', '0oa1b2_C.3', '--key', 'moved.jwk.json'])
    expect(token).toMatchObject({ scope: 'posts:read' })
    const again = [MACHINE, ['--id', '0oa1b2_C.3', '--auth', 'client_secret_basic']]
    expect(await signet.run(again)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^A client "0oa1b2_C\.3" exists already\.\n/),
    })
    await signet.run(['clients', 'delete', '0oa1b2_C.3', '--yes'])
    expect(await signet.run(again)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^The id "0oa1b2_C\.3" belonged to a client that was deleted, and cannot be used again\.\n/,
      ),
    })
    const refused = await signet.json<Record<string, unknown>[]>(['audit', 'list', '--type', 'admin.refused'])
    expect(refused.slice(0, 2)).toMatchObject([{ reason: 'client_id_deleted' }, { reason: 'client_exists' }])
  })

  test.each([
    [
      'acc-AAAAAAAAAAAAAAAAAAAAAA',
      '1 to 64 of A-Z a-z 0-9 . _ - that begin with a letter or digit, and not with acc-, pair- or reg-',
    ],
    [
      'https://app.example.com',
      '1 to 64 of A-Z a-z 0-9 . _ - that begin with a letter or digit, and not with acc-, pair- or reg-',
    ],
    ['..', '1 to 64 of A-Z a-z 0-9 . _ - that begin with a letter or digit, and not with acc-, pair- or reg-'],
    [
      'x'.repeat(65),
      '1 to 64 of A-Z a-z 0-9 . _ - that begin with a letter or digit, and not with acc-, pair- or reg-',
    ],
    ['signet-account', 'a string that does not begin with signet-'],
  ])('refuses %s', async (id, expected) => {
    const { code, stderr } = await signet.run([MACHINE, ['--auth', 'client_secret_basic', '--id', id]])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^The (?:client metadata|request) has faults in: client_id\.\n/)
    expect(stderr).toContain(`\n  client_id: given ${JSON.stringify(id)}; expected ${expected}\n`)
  })
})

describe('by name', () => {
  const secret = ['--auth', 'client_secret_basic']

  test('a client is shown, changed, disabled and deleted when no other has the name', async () => {
    const created = await signet.json([MACHINE, ['--name', 'only one', ...secret]])
    const id = String(created['client_id'])
    expect(await signet.json(['clients', 'show', 'only one'])).toMatchObject({ client_id: id })
    expect(await signet.json(['clients', 'update', 'only one', '--introspect'])).toMatchObject({
      client_id: id,
      signet_introspect: true,
    })
    expect((await signet.run(['clients', 'disable', 'only one'])).stdout).toBe(`Disabled the client ${id}.\n`)
    expect((await signet.run(['clients', 'delete', 'only one', '--yes'])).stdout).toBe(
      `Deleted the client only one (${id}).\n`,
    )
    expect(await signet.run(['clients', 'show', 'only one'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no client "only one".\n',
    })
  })

  test('none of several is taken, and their ids are told', async () => {
    const ids: string[] = []
    for (const _ of [1, 2]) ids.push(String((await signet.json([MACHINE, ['--name', 'twin', ...secret]]))['client_id']))
    for (const args of [
      ['show', 'twin'],
      ['delete', 'twin', '--yes'],
    ]) {
      const { code, stderr } = await signet.run(['clients', ...args])
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `2 clients have the name "twin": name one by its id, ${ids.join(' or ')}.\n`,
      })
    }
    expect(await signet.json(['clients', 'show', String(ids[0])])).toMatchObject({ client_name: 'twin' })
  })
})
