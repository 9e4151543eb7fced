/** `signet resources`, `accounts`, `keys` and `audit`. */
import { expect, test } from 'vitest'
import { runSignet, startSignet } from './support/signet.ts'

const API = 'https://api.example.com/v1?tenant=a'
const signet = await startSignet()
type Json = Record<string, unknown>

test('tells what to do first where there is nothing yet', async () => {
  expect((await signet.run(['resources', 'list'])).stdout).toMatch(
    /^No resources yet\. Register one: signet resources create /,
  )
  expect((await signet.run(['accounts', 'list'])).stdout).toMatch(
    /^No accounts yet\. Make one: signet accounts create /,
  )
})

test('registers, lists, changes, allows and deletes a resource whose identifier is a URL with a query', async () => {
  const created = await signet.json([
    ['resources', 'create', API, '--name', 'Posts', '--scope', 'posts:read=Read your posts', '--scope', 'posts:write'],
    ['--access-token-ttl', '120', '--signing-alg', 'RS256', '--access-token-typ', 'JWT'],
  ])
  expect(created).toMatchObject({
    resource: API,
    scopes: [
      { name: 'posts:read', description: 'Read your posts' },
      { name: 'posts:write', description: null },
    ],
    access_token_ttl_seconds: 120,
    signing_alg: 'RS256',
    access_token_typ: 'JWT',
  })
  expect(await signet.json(['resources', 'list'])).toEqual([created])
  const updated = await signet.json(['resources', 'update', API, '--name', 'Notes', '--access-token-ttl', 'default'])
  expect(updated).toMatchObject({ name: 'Notes', access_token_ttl_seconds: null, scopes: created.scopes })

  const client = await signet.json(['clients', 'create', '--profile', 'machine', '--generate-key', 'm.jwk.json'])
  const id = String(client.client_id)
  const allow = ['resources', 'allow', API, '--client', id, '--scope', 'posts:read']
  expect(await signet.run(allow)).toEqual({
    code: 0,
    stdout: `The client ${id} may have posts:read of ${API}.\n`,
    stderr: '',
  })
  expect(await signet.json(['clients', 'show', id])).toMatchObject({
    signet_allow: [{ resource: API, scopes: ['posts:read'] }],
  })
  expect((await signet.run(['token', '--client-id', id, '--key', 'm.jwk.json'])).code).toBe(0)

  expect(await signet.run(['resources', 'delete', API, '--yes'])).toMatchObject({
    code: 0,
    stdout: `Deleted the resource ${API}.\n`,
  })
  expect(await signet.run(['resources', 'show', API])).toMatchObject({
    code: 1,
    stderr: `There is no resource "${API}".\n`,
  })
  expect(await signet.json(['clients', 'show', id])).toMatchObject({ signet_allow: [] })
})

test('refuses a resource that exists and a bad one in the words of the API', async () => {
  await signet.json(['resources', 'create', 'https://twice.example.com'])
  expect(await signet.run(['resources', 'create', 'https://twice.example.com'])).toEqual({
    code: 1,
    stdout: '',
    stderr: [
      'A resource "https://twice.example.com", or another spelling of it, exists already.',
      '  resource: given "https://twice.example.com"; expected an identifier that no other resource has',
      '',
    ].join('\n'),
  })
  const json = await signet.run(['resources', 'create', 'nowhere', '--json'])
  expect(json).toMatchObject({ code: 1, stdout: '' })
  expect(JSON.parse(json.stderr)).toEqual({
    error: 'invalid_request',
    error_description:
      'The request has faults in: resource.\n  resource: given "nowhere"; expected an absolute URI without fragment, such as https://api.example.com',
  })
})

test('makes, finds, changes, disables, enables and deletes an account by its e-mail address', async () => {
  const { sub } = await signet.json<Json>(
    [
      'accounts',
      'create',
      '--email',
      'ada@example.com',
      '--set',
      'locale=en',
      '--password-stdin',
      '--must-change-password',
    ],
    { input: 'correct horse battery\r\n' },
  )
  expect(await signet.json(['accounts', 'show', 'Ada@Example.com'])).toMatchObject({ sub, locale: 'en' })
  expect(await signet.json(['accounts', 'show', String(sub)])).toMatchObject({ sub })
  await signet.json([
    'clients',
    'create',
    '--profile',
    'spa',
    '--name',
    'notes',
    '--redirect-uri',
    'https://n.example/cb',
  ])
  expect(await signet.json(['accounts', 'show', String(sub), '--client', 'notes'])).toMatchObject({ sub })
  expect(await signet.run(['accounts', 'show', 'acc-x', '--client', 'notes'])).toMatchObject({
    code: 1,
    stderr: 'The client notes knows no account by the sub acc-x.\n',
  })
  const updated = await signet.json([
    ['accounts', 'update', 'ada@example.com', '--name', 'Ada King', '--set', 'locale=null', '--email-verified'],
  ])
  expect(updated).toMatchObject({ sub, name: 'Ada King', email_verified: true })
  expect(updated).not.toHaveProperty('locale')
  expect(await signet.json(['accounts', 'update', String(sub), '--no-email-verified'])).toMatchObject({
    email_verified: false,
  })
  const told = (verb: string) => ({ code: 0, stdout: `${verb} the account of ada@example.com.\n`, stderr: '' })
  expect(await signet.run(['accounts', 'disable', 'ada@example.com'])).toEqual(told('Disabled'))
  expect(await signet.json(['accounts', 'show', String(sub)])).toMatchObject({ status: 'disabled' })
  expect(await signet.run(['accounts', 'enable', String(sub)])).toEqual(told('Enabled'))
  expect(await signet.run(['accounts', 'unlock', 'ada@example.com'])).toEqual({
    code: 0,
    stdout: 'Unlocked the second factors of ada@example.com.\n',
    stderr: '',
  })
  expect(await signet.run(['accounts', 'delete', 'ada@example.com', '--yes'])).toEqual(told('Deleted'))
  expect(await signet.run(['accounts', 'show', 'ada@example.com'])).toMatchObject({
    code: 1,
    stderr: 'There is no account with the e-mail address ada@example.com.\n',
  })
})

test('refuses a first password that is too short, without telling it', async () => {
  const run = await signet.run(['accounts', 'create', '--email', 'eve@example.com', '--password-stdin'], {
    input: 'sw0rd\n',
  })
  expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('expected 8 to 256 characters') })
  expect(run.stderr).not.toContain('sw0rd')
})

test.each([
  [['--password-stdin'], '', 'The password is expected on standard input, which was empty.'],
  [['--must-change-password'], '', '--must-change-password goes with --password-stdin.'],
])('refuses accounts create %j as wrong usage', async (options, input, sentence) => {
  const run = await signet.run(['accounts', 'create', '--email', 'eve@example.com', ...options], { input })
  expect(run).toEqual({ code: 2, stdout: '', stderr: `${sentence}\n` })
})

test('has no option that sets the password of an account that exists', async () => {
  await signet.json(['accounts', 'create', '--email', 'grace@example.com'])
  const option = await signet.run(['accounts', 'update', 'grace@example.com', '--password-stdin'])
  expect(option).toMatchObject({ code: 2, stderr: expect.stringContaining("Unknown option '--password-stdin'") })
  const member = await signet.run(['accounts', 'update', 'grace@example.com', '--set', 'password=correct horse'])
  expect(member).toMatchObject({ code: 1, stderr: expect.stringContaining('is set by its owner alone') })
})

test('lists and rotates signing keys, also of one algorithm', async () => {
  const statuses = (keys: Json[]) =>
    keys.map(({ alg, status }) => `${String(alg)} ${String(status)}`).toSorted((a, b) => a.localeCompare(b))
  const before = await signet.json<Json[]>(['keys', 'list'])
  expect(statuses(before)).toEqual(['ES256 current', 'ES256 next', 'RS256 current', 'RS256 next'])
  const after = await signet.json<Json[]>(['keys', 'rotate', '--alg', 'ES256'])
  expect(statuses(after)).toEqual(['ES256 current', 'ES256 next', 'ES256 retired', 'RS256 current', 'RS256 next'])
  const { stdout } = await signet.run(['keys', 'rotate'])
  expect(stdout).toMatch(/^Rotated the signing keys\.\n\nKID +ALG +SINCE \(UTC\) +STATUS\n/)
  const published = (await (await signet.server.fetch('/jwks')).json()) as { keys: { kid: string }[] }
  const listed = await signet.json<Json[]>(['keys', 'list'])
  expect(published.keys.map(({ kid }) => kid).toSorted()).toEqual(listed.map(({ kid }) => String(kid)).toSorted())

  const retired = listed.find(({ status }) => status === 'retired') as Json
  const revoked = await signet.run(['keys', 'revoke', String(retired.kid), '--yes'])
  expect(revoked).toMatchObject({ code: 0, stdout: expect.stringMatching(`^Revoked the key ${String(retired.kid)}`) })
  expect((await signet.json<Json[]>(['keys', 'list'])).map(({ kid }) => kid)).not.toContain(retired.kid)
  expect(await signet.run(['keys', 'rotate', '--alg', 'HS256'])).toMatchObject({ code: 2, stdout: '' })
})

test('nothing is destroyed without a terminal unless --yes says so', async () => {
  const account = await signet.json<{ sub: string }>(['accounts', 'create', '--email', 'kept@example.com'])
  await signet.json(['resources', 'create', 'https://kept.example.com'])
  for (const args of [
    ['clients', 'delete', 'signet-cli'],
    ['clients', 'secrets', 'revoke', 'signet-cli', 'csi-1'],
    ['clients', 'keys', 'revoke', 'signet-cli', 'k1'],
    ['resources', 'delete', 'https://kept.example.com'],
    ['accounts', 'delete', account.sub],
    ['accounts', 'sessions', 'end', account.sub, 'ses-1'],
    ['accounts', 'grants', 'withdraw', account.sub, 'signet-cli'],
    ['keys', 'retire', 'k1'],
    ['keys', 'revoke', 'k1'],
    ['upstreams', 'delete', 'google'],
    ['restore-epoch'],
    ['migrate', 'down'],
  ]) {
    const { code, stdout, stderr } = await signet.run([...args, '--json'])
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 2, stdout: '' })
    const { error, error_description } = JSON.parse(stderr) as Record<string, string>
    expect(error, args.join(' ')).toBe('confirmation_required')
    expect(error_description).toMatch(
      /\? .*There is no terminal to ask on: add --yes to do it\. Nothing was changed\.$/,
    )
  }
  expect(await signet.json(['accounts', 'show', account.sub])).toMatchObject({ email: 'kept@example.com' })
  expect(await signet.json(['resources', 'show', 'https://kept.example.com'])).toMatchObject({
    resource: 'https://kept.example.com',
  })
})

test('lists what happened, newest first, filtered and limited', async () => {
  await signet.json(['resources', 'create', 'https://audited.example.com'])
  await signet.run(['resources', 'create', 'https://audited.example.com'])
  const created = await signet.json<Json[]>(['audit', 'list', '--subject', 'https://audited.example.com'])
  expect(created).toMatchObject([
    { type: 'resource.created', outcome: 'success', actor: { kind: 'client', id: 'signet-cli' } },
  ])
  const [refused] = await signet.json<Json[]>(['audit', 'list', '--type', 'admin.refused', '--limit', '1'])
  expect(refused).toMatchObject({ outcome: 'failure', reason: 'resource_exists' })
  const times = (await signet.json<{ at: string }[]>(['audit', 'list'])).map(({ at }) => at)
  expect(times).toEqual(times.toSorted((a, b) => b.localeCompare(a)))
  const { stdout } = await signet.run(['audit', 'list', '--outcome', 'failure', '--limit', '1'])
  const [head, row, ...rest] = stdout.trimEnd().split('\n')
  expect(head).toMatch(/^AT \(UTC\) +TYPE +ACTOR +.*OUTCOME$/)
  expect(row).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}admin\.refused +client signet-cli .* failure$/)
  expect(rest).toEqual([])
  expect((await signet.run(['audit', 'list', '--since', '2100-01-01'])).stdout).toMatch(/^No events/)
  // a printed time is understood as it is printed, whatever zone the machine has
  const [printed = ''] = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(row ?? '') ?? []
  const { issuer, keysDir } = signet.server
  const env = { SIGNET_ISSUER: issuer, SIGNET_KEYS_DIR: keysDir, TZ: 'America/New_York' }
  for (const since of [printed, printed.replace(' ', 'T'), `${printed}Z`, `${printed}+00:00`]) {
    const found = await runSignet(['audit', 'list', '--outcome', 'failure', '--since', since], { dir: signet.dir, env })
    expect(found.stdout, since).toContain(`${printed}  admin.refused`)
  }
  expect(await signet.run(['audit', 'list', '--since', 'Nov 24 2026'])).toMatchObject({ code: 2, stdout: '' })
  expect(await signet.run(['audit', 'list', '--since', 'soon'])).toMatchObject({ code: 2, stdout: '' })
  expect(await signet.run(['audit', 'list', '--limit', '0'])).toMatchObject({ code: 2, stdout: '' })
})

test('shows, sets and resets settings, which hold for the next token', async () => {
  const name = 'lifetimes.access_token_seconds'
  const before = await signet.json<Json>(['settings'])
  expect(before).toMatchObject({ lifetimes: { access_token_seconds: 300 } })
  expect(await signet.run(['settings', 'set', `${name}=120`])).toEqual({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^Changed ${name}\\.\n\nSETTING +VALUE +\n${name} +120 +set\n$`)),
    stderr: '',
  })
  expect(await signet.json(['token'])).toMatchObject({ expires_in: 120 })
  expect((await signet.run(['settings', 'reset', name])).stdout).toMatch(new RegExp(`${name} +300 +default\n$`))
  expect(await signet.json(['token'])).toMatchObject({ expires_in: 300 })

  expect(await signet.run(['settings', 'set', `${name}=soon`, 'lifetimes.id_tokn_seconds=5'])).toMatchObject({
    code: 1,
  })
  expect(await signet.run(['settings', 'set', name])).toEqual({
    code: 2,
    stdout: '',
    stderr: `NAME=VALUE is expected instead of "${name}". See --help.\n`,
  })
  expect(await signet.run(['settings', 'reset', 'lifetimes'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'A setting is named GROUP.NAME, unlike "lifetimes". See signet settings show.\n',
  })
})
