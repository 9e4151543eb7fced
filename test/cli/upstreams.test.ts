/** `signet upstreams`. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { askForNeeds } from '../../src/cli/commands/upstreams/needs.ts'
import type { CliContext } from '../../src/cli/context.ts'
import { applePrivateKey } from '../support/forged-hosts.ts'
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
  const nameless = await signet.run(['upstreams', 'create'])
  expect(nameless).toMatchObject({ code: 2, stderr: expect.stringContaining('or a --preset') as string })
  const unknown = await signet.run(['upstreams', 'create', 'acme', '--client-id', 'us'])
  expect(unknown).toMatchObject({
    code: 2,
    stderr: '--upstream-issuer is needed, or a --preset: google, microsoft, apple, github, gitlab, okta, keycloak.\n',
  })
  const lacking = await signet.run(['upstreams', 'create', 'acme', '--upstream-issuer', 'https://login.acme.example'])
  expect(lacking).toMatchObject({ code: 2, stderr: expect.stringContaining('--client-id is needed') as string })
  expect((await signet.run(['upstreams', 'update', 'by-secret'])).code).toBe(2)
})

test('a preset needs no more than what is yours, and names the rest', async () => {
  const google = ['upstreams', 'create', '--preset', 'google', '--client-id', 'us', '--secret-stdin']
  const created = await signet.run([...google, '--json'], { input: SECRET })
  expect(created).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(created.stdout)).toMatchObject({
    id: 'google',
    name: 'Google',
    preset: 'google',
    issuer: 'https://accounts.google.com',
    redirect_uri: `${signet.server.issuer}/upstream/callback/google`,
  })
  const lacking = await signet.run(['upstreams', 'create', 'staff', '--preset', 'keycloak', '--realm', 'staff'])
  expect(lacking).toMatchObject({
    code: 2,
    stderr:
      'The preset keycloak also needs --client-id, --base-url, --secret-stdin. ' +
      `Register this redirect URI at Keycloak first: ${signet.server.issuer}/upstream/callback/staff\n`,
  })
  const wrong = await signet.run(
    ['upstreams', 'create', '--preset', 'microsoft', '--tenant', 'ours', '--client-id', 'us', '--secret-stdin'],
    { input: SECRET },
  )
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /preset_values\.tenant: given "ours"; expected the directory \(tenant\) ID/,
    ) as string,
  })
  expect((await signet.run(['upstreams', 'create', '--preset', 'facebook'])).code).toBe(2)
})

test('with --auth private_key_jwt a preset needs no secret', async () => {
  const created = await signet.json([
    [
      'upstreams',
      'create',
      'staff',
      '--preset',
      'keycloak',
      '--base-url',
      'https://sso.example.com',
      '--realm',
      'staff',
    ],
    ['--client-id', 'us', '--auth', 'private_key_jwt'],
  ])
  expect(created).toMatchObject({ issuer: 'https://sso.example.com/realms/staff', jwks: { keys: [{ kty: 'EC' }] } })
})

test('the key of apple comes from a file that only its owner can read, and is replaced with its id', async () => {
  const [first, second] = [applePrivateKey(), applePrivateKey()]
  const apple = [
    '--client-id',
    'us',
    '--team-id',
    'A1B2C3D4E5',
    '--key-id',
    'F6G7H8I9J0',
    '--private-key-file',
    'key.p8',
  ]
  writeFileSync(join(signet.dir, 'key.p8'), first.pem, { mode: 0o644 })
  const readable = await signet.run(['upstreams', 'create', '--preset', 'apple', ...apple])
  expect(readable).toMatchObject({ code: 1, stderr: expect.stringContaining('chmod 600') as string })
  chmodSync(join(signet.dir, 'key.p8'), 0o600)
  const created = await signet.run(['upstreams', 'create', '--preset', 'apple', ...apple])
  expect(created).toMatchObject({ code: 0, stderr: '' })
  expect(created.stdout).toMatch(/preset +apple\n/)
  expect(created.stdout).toMatch(/team id +A1B2C3D4E5\n/)
  expect(created.stdout).not.toContain('PRIVATE KEY')
  writeFileSync(join(signet.dir, 'key.p8'), second.pem)
  const update = ['upstreams', 'update', 'apple', '--key-id', 'ZZZZZZZZZZ', '--private-key-file', 'key.p8']
  expect(await signet.json(update)).toMatchObject({ preset_values: { team_id: 'A1B2C3D4E5', key_id: 'ZZZZZZZZZZ' } })
  expect(await signet.run(['upstreams', 'update', 'apple', '--private-key-file', 'nowhere.p8'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('that you downloaded from the provider') as string,
  })
})

test('at a terminal a preset asks for what it needs, one after another, and does not show the secret', async () => {
  const { context, shown } = terminal([
    ['The client id that Keycloak gave you: ', 'us'],
    ['The URL of your Keycloak', 'https://sso.example.com'],
    ['The name of the realm', 'staff'],
    ['The client secret, which stays invisible: ', 'hidden-secret'],
  ])
  expect(await askForNeeds({ preset: 'keycloak' }, 'staff', context)).toEqual({
    client_id: 'us',
    preset_values: { base_url: 'https://sso.example.com', realm: 'staff' },
    client_secret: 'hidden-secret',
  })
  expect(shown()).toContain(
    `Register this redirect URI at Keycloak first: ${signet.server.issuer}/upstream/callback/staff`,
  )
  expect(shown()).toContain(': https://sso.example.com')
  expect(shown()).not.toContain('hidden-secret')
})

test('at a terminal nothing is asked that was given, and nothing is done when the answers end', async () => {
  const given = { preset: 'google', clientId: 'us', secretStdin: true } as const
  expect(await askForNeeds(given, 'google', terminal([]).context)).toEqual({})
  const ended = askForNeeds(
    { preset: 'google' },
    'google',
    terminal([
      ['client id', 'us'],
      ['secret', undefined],
    ]).context,
  )
  await expect(ended).rejects.toMatchObject({ code: 'cancelled', message: 'Nothing was changed.' })
})

/** A terminal at which a person answers each question once they see it; undefined is Ctrl-D. */
function terminal(answers: readonly (readonly [question: string, answer: string | undefined])[]) {
  const [stdin, stdout, stderr] = [0, 1, 2].map(() => Object.assign(new PassThrough(), { isTTY: true }))
  let text = ''
  let next = 0
  stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const [question, answer] = answers[next] ?? []
    if (question === undefined || !stripVTControlCharacters(text).includes(question)) return
    next += 1
    if (answer === undefined) stdin?.end()
    else stdin?.write(`${answer}\n`)
  })
  const env = { SIGNET_ISSUER: signet.server.issuer }
  const context = { env, stdin, stdout, stderr, serve: async () => 0 } as unknown as CliContext
  return { context, shown: () => stripVTControlCharacters(text) }
}
