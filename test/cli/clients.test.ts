/** `signet clients`: what is sent of each option, and how clients are changed. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startSignet } from './support/signet.ts'

const API = 'https://api.example.com'
const signet = await startSignet()
await signet.json(['resources', 'create', API, '--scope', 'posts:read', '--scope', 'posts:write'])
await signet.json(['resources', 'create', 'https://mail.example.com', '--scope', 'send'])
let made = 0

async function aMachine(...options: string[]) {
  made += 1
  const file = `machine-${made}.jwk.json`
  const client = await signet.json(['clients', 'create', '--profile', 'machine', '--generate-key', file, ...options])
  return { id: client.client_id as string, file }
}

const show = (id: string) => signet.json(['clients', 'show', id])

test('sends every option as the metadata it stands for', async () => {
  const client = await signet.json([
    ['clients', 'create', '--profile', 'web', '--name', 'Shop', '--generate-key', 'shop.jwk.json'],
    ['--redirect-uri', 'https://shop.example.com/a', '--redirect-uri', 'https://shop.example.com/b'],
    ['--post-logout-redirect-uri', 'https://shop.example.com/'],
    ['--allow', `${API}=posts:read,posts:write`, '--allow', 'https://mail.example.com=send'],
    ['--default-resource', API, '--grant', 'client_credentials'],
    ['--assertion-audience', 'token-endpoint', '--introspect', '--pkce', 'optional'],
    ['--set', 'client_uri=https://shop.example.com', '--set', 'contacts=["ops@example.com"]'],
    ['--set', 'default_max_age=600', '--set', 'scope=openid email'],
  ])
  expect(client).toMatchObject({
    client_name: 'Shop',
    redirect_uris: ['https://shop.example.com/a', 'https://shop.example.com/b'],
    post_logout_redirect_uris: ['https://shop.example.com/'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    signet_allow: [
      { resource: API, scopes: ['posts:read', 'posts:write'] },
      { resource: 'https://mail.example.com', scopes: ['send'] },
    ],
    signet_default_resource: API,
    signet_assertion_audience: 'token_endpoint',
    signet_introspect: true,
    signet_pkce: 'optional',
    client_uri: 'https://shop.example.com',
    contacts: ['ops@example.com'],
    default_max_age: 600,
    scope: 'openid email',
  })
})

test('registers a browser app with its origins', async () => {
  const client = await signet.json([
    ['clients', 'create', '--profile', 'spa', '--name', 'Board', '--redirect-uri', 'https://board.example.com/cb'],
    ['--origin', 'https://board.example.com', '--origin', 'https://beta.example.com'],
  ])
  expect(client).toMatchObject({
    token_endpoint_auth_method: 'none',
    signet_origins: ['https://board.example.com', 'https://beta.example.com'],
  })
})

test('changes what is named and leaves the rest', async () => {
  const { id } = await aMachine('--name', 'billing', '--allow', `${API}=posts:read`)
  const before = await show(id)
  const updated = await signet.json([
    ['clients', 'update', id, '--name', 'Billing', '--allow', 'https://mail.example.com=send'],
    ['--default-resource', API],
  ])
  expect(updated).toEqual({
    ...before,
    client_name: 'Billing',
    signet_allow: [
      { resource: API, scopes: ['posts:read'] },
      { resource: 'https://mail.example.com', scopes: ['send'] },
    ],
    signet_default_resource: API,
  })
  expect(await signet.json(['clients', 'update', id, '--no-default-resource'])).not.toHaveProperty(
    'signet_default_resource',
  )
})

test('adds a grant to those that the client has', async () => {
  const client = await signet.json([
    ['clients', 'create', '--profile', 'web', '--redirect-uri', 'https://app.example.com/cb'],
    ['--auth', 'client_secret_basic'],
  ])
  const updated = await signet.json(['clients', 'update', String(client.client_id), '--grant', 'client_credentials'])
  expect(updated.grant_types).toEqual(['authorization_code', 'refresh_token', 'client_credentials'])
})

test('refuses an update that changes nothing, as wrong usage', async () => {
  const { id } = await aMachine()
  const { code, stdout, stderr } = await signet.run(['clients', 'update', id])
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: 'Name what to change, such as --name. See --help.\n',
  })
})

test('disables, enables and deletes', async () => {
  const { id, file } = await aMachine('--name', 'short', '--allow', `${API}=posts:read`)
  const token = ['token', '--client-id', id, '--key', file]
  expect((await signet.run(token)).code).toBe(0)
  expect(await signet.run(['clients', 'disable', id])).toMatchObject({
    code: 0,
    stdout: `Disabled the client ${id}.\n`,
  })
  expect((await show(id)).signet_status).toBe('disabled')
  expect(await signet.run(token)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('invalid_client'),
  })
  expect(await signet.run(['clients', 'enable', id])).toMatchObject({ code: 0, stdout: `Enabled the client ${id}.\n` })
  expect((await signet.run(token)).code).toBe(0)
  expect(await signet.run(['clients', 'delete', id, '--yes'])).toMatchObject({
    code: 0,
    stdout: `Deleted the client short (${id}).\n`,
  })
  expect(await signet.run(['clients', 'show', id])).toEqual({
    code: 1,
    stdout: '',
    stderr: `There is no client "${id}".\n`,
  })
})

test('changes a secret without an outage: add, list, revoke', async () => {
  const client = await signet.json([
    ['clients', 'create', '--profile', 'web', '--redirect-uri', 'https://app.example.com/cb'],
    ['--auth', 'client_secret_post'],
  ])
  const id = String(client.client_id)
  const added = await signet.run(['clients', 'secrets', 'add', id])
  expect(added.stdout).toMatch(
    new RegExp(`^The client ${id} has a further secret\\.\n\n {2}client secret {2}sec-\\S+\n`),
  )
  const secrets = await signet.json<{ id: string }[]>(['clients', 'secrets', 'list', id])
  expect(secrets).toHaveLength(2)
  const [oldest] = secrets
  expect((await signet.run(['clients', 'secrets', 'revoke', id, String(oldest?.id), '--yes'])).code).toBe(0)
  expect(await signet.json(['clients', 'secrets', 'list', id])).toEqual(secrets.slice(1))
  expect(await signet.json(['clients', 'secrets', 'add', id])).toMatchObject({
    id: expect.any(String),
    client_secret: expect.stringMatching(/^sec-/),
  })
})

test('never writes over a key file, and sends nothing then', async () => {
  await writeFile(join(signet.dir, 'mine.jwk.json'), 'mine')
  const before = await signet.json<unknown[]>(['clients', 'list'])
  const run = await signet.run(['clients', 'create', '--profile', 'machine', '--generate-key', 'mine.jwk.json'])
  expect(run).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mine.jwk.json exists already and a key is never written over: name another file.\n',
  })
  expect(await readFile(join(signet.dir, 'mine.jwk.json'), 'utf8')).toBe('mine')
  expect(await signet.json(['clients', 'list'])).toEqual(before)
})

test('takes the new key file away when the client is refused', async () => {
  const run = await signet.run([
    ['clients', 'create', '--profile', 'machine', '--generate-key', 'refused.jwk.json'],
    ['--allow', `${API}=posts:reed`, '--set', 'client_nam=x'],
  ])
  expect(run).toEqual({
    code: 1,
    stdout: '',
    stderr: [
      'The client metadata has faults in: client_nam, signet_allow[0].scopes.',
      '  client_nam: given "x"; expected no such member; did you mean client_name?',
      `  signet_allow[0].scopes: given "posts:reed"; expected a scope of ${API}: one of posts:read, posts:write (did you mean posts:read?)`,
      '',
    ].join('\n'),
  })
  expect(existsSync(join(signet.dir, 'refused.jwk.json'))).toBe(false)
})

test('sends no private key of a JWK Set', async () => {
  const { file } = await aMachine()
  const run = await signet.run(['clients', 'create', '--profile', 'machine', '--jwks-file', file])
  expect(run).toEqual({
    code: 1,
    stdout: '',
    stderr: `${file} holds a private key: give a file with the public members only.\n`,
  })
})

test.each([
  [
    ['--generate-key', 'a.jwk.json', '--jwks-uri', 'https://a.example/jwks'],
    '--generate-key, --jwks-file, --jwks-uri and --certificate exclude each other: give one.',
  ],
  [['--allow', API], 'RESOURCE=SCOPE[,SCOPE…] is expected'],
  [['--set', 'client_uri'], 'NAME=VALUE is expected'],
  [['--auth', 'password'], 'Allowed choices are private_key_jwt'],
  [['--pkce', 'never'], 'Allowed choices are required, optional'],
  [['--colour', 'red'], "Unknown option '--colour'"],
])('ends with 2 and one sentence for %j', async (options, sentence) => {
  const { code, stdout, stderr } = await signet.run(['clients', 'create', '--profile', 'machine', ...options])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(sentence)
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  const json = await signet.run(['clients', 'create', '--profile', 'machine', ...options, '--json'])
  expect(json).toMatchObject({ code: 2, stdout: '' })
  expect(JSON.parse(json.stderr)).toEqual({
    error: 'invalid_usage',
    error_description: expect.stringContaining(sentence),
  })
})
