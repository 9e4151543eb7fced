/** `signet registration-tokens`, and how self-registered clients are listed. */
import { expect, test } from 'vitest'
import { register } from '../support/registration.ts'
import { startSignet } from './support/signet.ts'

const API = 'https://api.example.com'
const signet = await startSignet()
await signet.json(['resources', 'create', API, '--scope', 'posts:read'])
await signet.json(['settings', 'set', 'client_registration.mode=token'])

test('tells what to do first where there is nothing yet', async () => {
  expect((await signet.run(['registration-tokens', 'list'])).stdout).toMatch(
    /^No registration tokens\. Issue one: signet registration-tokens create\n$/,
  )
})

test('issues a token by a policy, lists it without its value, registers a client with it and revokes it', async () => {
  const { token, ...issued } = await signet.json([
    ['registration-tokens', 'create', '--name', 'Portal', '--profile', 'web', '--profile', 'native'],
    ['--scope', 'openid', '--allow', `${API}=posts:read`, '--redirect-host', 'app.example.com'],
    ['--uses', '3', '--lifetime', '3600', '--pkce', 'optional', '--assertion-audience', 'token-endpoint'],
  ])
  expect(token).toMatch(/^iat-/)
  expect(issued).toMatchObject({
    name: 'Portal',
    profiles: ['web', 'native'],
    scopes: ['openid'],
    allow: [{ resource: API, scopes: ['posts:read'] }],
    redirect_hosts: ['app.example.com'],
    pkce: 'optional',
    assertion_audience: 'token_endpoint',
    max_uses: 3,
    uses: 0,
  })
  expect(await signet.json(['registration-tokens', 'list'])).toEqual([issued])
  const metadata = { client_name: 'Portal', redirect_uris: ['https://app.example.com/cb'] }
  const { status, body } = await register(signet.server, metadata, String(token))
  expect(status).toBe(201)
  expect(body['scope']).toBe('openid posts:read')
  const table = await signet.run(['registration-tokens', 'list'])
  expect(table.stdout).toMatch(/ini-\S+\s+Portal\s+1 of 3\s/)
  const id = String(issued['id'])
  expect(await signet.run(['registration-tokens', 'revoke', id])).toMatchObject({ code: 2, stdout: '' })
  expect(await signet.json(['registration-tokens', 'revoke', id, '--yes'])).toEqual({ id, status: 'revoked' })
  expect((await register(signet.server, metadata, String(token))).status).toBe(401)
  const again = await signet.run(['registration-tokens', 'revoke', id, '--yes'])
  expect(again).toMatchObject({ code: 1, stdout: '' })
  expect(again.stderr).toContain('There is no initial access token')
  const clients = await signet.run(['clients', 'list'])
  expect(clients.stdout).toMatch(/Portal\s+reg-\S+\s+web\s+client_secret_basic\s+registration\s/)
  const own = await signet.json<{ client_name: string }[]>(['clients', 'list', '--origin', 'registration'])
  expect(own.map(({ client_name: name }) => name)).toEqual(['Portal'])
  const others = await signet.json<{ client_name: string }[]>(['clients', 'list', '--origin', 'administrator'])
  expect(others.map(({ client_name: name }) => name)).not.toContain('Portal')
  expect((await signet.run(['clients', 'show', 'Portal'])).stdout).toMatch(/origin\s+registration/)
})

test('a token that is shown for people is shown once', async () => {
  const { stdout } = await signet.run(['registration-tokens', 'create', '--uses', 'unlimited'])
  expect(stdout).toMatch(/^Issued a registration token\.\n/)
  expect(stdout).toMatch(/token\s+iat-/)
  expect(stdout).toMatch(/redirect hosts\s+any/)
  expect(stdout).toMatch(/uses\s+0 of any number/)
  expect(stdout).toContain('The token is shown this once and kept nowhere: store it now.')
})

test.each([
  [['--uses', 'many'], 'A whole number, 1 or more, is expected.'],
  [['--profile', 'webb'], 'Allowed choices are web, spa, native, machine, device, fapi2.'],
])('%j is wrong usage', async (options, said) => {
  const { code, stderr } = await signet.run(['registration-tokens', 'create', options])
  expect(code).toBe(2)
  expect(stderr).toContain(said)
})

test('a fault of the policy is told with its field', async () => {
  const { code, stderr } = await signet.run([
    'registration-tokens',
    'create',
    '--redirect-host',
    'https://app.example.com',
  ])
  expect(code).toBe(1)
  expect(stderr).toContain('redirect_hosts[0]')
})
