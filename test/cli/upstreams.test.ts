/** `signet upstreams`. */
import { expect, test } from 'vitest'
import { startSignet } from './support/signet.ts'

const signet = await startSignet()
const SECRET = 'a-secret-that-the-provider-gave-us'
const ACME = ['--upstream-issuer', 'https://login.acme.example', '--client-id', 'us']

test('tells what to do first where there is nothing yet', async () => {
  expect((await signet.run(['upstreams', 'list'])).stdout).toMatch(
    /^No providers yet\. Add one: signet upstreams create /,
  )
})

test('adds a provider, says what to register there, shows, changes and deletes it', async () => {
  const created = await signet.json([
    ['upstreams', 'create', 'acme', ...ACME, '--name', 'Acme', '--domain', 'acme.example', '--just-in-time'],
    ['--claim', 'email=mail', '--claim', 'email_verified=email_verified', '--scope', 'openid', '--scope', 'mail'],
  ])
  expect(created).toMatchObject({
    id: 'acme',
    name: 'Acme',
    issuer: 'https://login.acme.example',
    client_id: 'us',
    token_endpoint_auth_method: 'private_key_jwt',
    scopes: ['openid', 'mail'],
    claims: { email: 'mail', email_verified: 'email_verified' },
    domains: ['acme.example'],
    just_in_time: true,
    logout: false,
    enabled: true,
  })
  expect(await signet.json(['upstreams', 'list'])).toEqual([created])
  const shown = await signet.run(['upstreams', 'show', 'acme'])
  expect(shown.stdout).toContain(`redirect URI  ${signet.server.issuer}/upstream/callback/acme`)
  expect(shown.stdout).toContain('"kty":"EC"')
  const updated = await signet.json([
    'upstreams',
    'update',
    'acme',
    '--no-domain',
    '--no-just-in-time',
    '--no-enabled',
    '--logout',
  ])
  expect(updated).toMatchObject({ domains: [], just_in_time: false, enabled: false, logout: true, name: 'Acme' })
  expect((await signet.run(['upstreams', 'list'])).stdout).toMatch(
    /acme +Acme +https:\/\/login\.acme\.example +disabled/,
  )
  expect(await signet.run(['upstreams', 'delete', 'acme', '--yes'])).toMatchObject({
    code: 0,
    stdout: 'Deleted the provider acme.\n',
  })
  expect(await signet.run(['upstreams', 'show', 'acme'])).toMatchObject({
    code: 1,
    stderr: 'There is no upstream provider "acme".\n',
  })
})

test('takes a secret from standard input alone, and never shows it', async () => {
  const command = ['upstreams', 'create', 'by-secret', ...ACME, '--auth', 'client_secret_basic', '--secret-stdin']
  const created = await signet.run(command, { input: `${SECRET}\n` })
  expect(created).toMatchObject({ code: 0, stderr: '' })
  expect(created.stdout).not.toContain(SECRET)
  expect((await signet.run(['upstreams', 'show', 'by-secret', '--json'])).stdout).not.toContain(SECRET)
})

test('refuses what is wrong in the words of the API, and wrong usage with code 2', async () => {
  const refused = await signet.run(['upstreams', 'create', 'Bad Id', ...ACME])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('1 to 40 lower-case letters, digits and hyphens, such as google')
  const lacking = await signet.run(['upstreams', 'create', 'acme', '--upstream-issuer', 'https://login.acme.example'])
  expect(lacking).toMatchObject({ code: 2, stderr: expect.stringContaining('--client-id is needed') as string })
  expect((await signet.run(['upstreams', 'update', 'by-secret'])).code).toBe(2)
})
