/** Resources on a real database: rules, spellings, versions, lists, audit, and what another node sees. */
import { describe, expect, test } from 'vitest'
import { SYSTEM } from '#audit/audit.ts'
import type { ResourceInput } from '#resources/resource.ts'
import { cloneDatabase } from '../support/postgres.ts'
import { eventually, SOON_MS } from '../support/eventually.ts'
import { heard, openRooms, refusal } from '../support/rooms.ts'
import { atMost } from '../support/time-limits.ts'

const { url } = await cloneDatabase()
const [here, there] = await Promise.all([openRooms(url), openRooms(url)])
const { resources, audit } = here
const BY = { actor: { kind: 'client', id: 'cli-admin' }, address: '192.0.2.7', requestId: 'req-1' } as const

async function events(identifier: string) {
  const stored = await audit.list({ limit: 50, subject: identifier })
  return stored.map(({ type, outcome, actor }) => [type, outcome, actor.id])
}

async function faults(input: Partial<ResourceInput>) {
  const error = await refusal(resources.create({ identifier: 'https://faulty.example.com', ...input }, SYSTEM))
  expect(error).toMatchObject({ code: 'resource_invalid', status: 400 })
  return error.faults
}

describe('creating', () => {
  test('makes a resource with the defaults and an audit event', async () => {
    const resource = await resources.create({ identifier: 'https://api.example.com', scopes: ['posts:read'] }, BY)
    expect(resource).toMatchObject({
      identifier: 'https://api.example.com',
      name: 'https://api.example.com',
      scopes: [{ name: 'posts:read', description: undefined }],
      openScopes: [],
      accessTokenFormat: 'jwt',
      accessTokenTyp: 'at+jwt',
      signingAlg: 'ES256',
      accessTokenTtlSeconds: undefined,
      version: 1,
    })
    expect(await resources.read('https://api.example.com')).toEqual(resource)
    expect(await events('https://api.example.com')).toEqual([['resource.created', 'success', 'cli-admin']])
  })

  test('keeps every member that was given', async () => {
    const input = {
      identifier: 'urn:example:billing',
      name: 'Billing',
      scopes: [{ name: 'bills:read', description: 'Read your bills' }],
      openScopes: ['bills:read'],
      accessTokenFormat: 'opaque',
      accessTokenTyp: 'JWT',
      signingAlg: 'RS256',
      accessTokenTtlSeconds: 86_400,
    }
    expect(await resources.create(input, SYSTEM)).toMatchObject(input)
  })

  test.each([
    'https://api.example.com/v1?tenant=a',
    'http://localhost:4001',
    'http://127.0.0.9:80/',
    'http://[::1]:3000',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    'api://ad6e8c2b',
  ])('takes the identifier %s as it is spelled', async (identifier) => {
    expect((await resources.create({ identifier }, SYSTEM)).identifier).toBe(identifier)
  })

  test.each([
    ['https://a.example.com/#part', 'an absolute URI without the fragment (the part from # on)'],
    ['https://a.example.com/#', 'an absolute URI without the fragment (the part from # on)'],
    ['http://a.example.com', 'an https URI; plain http only for localhost, 127.0.0.0/8 or [::1]'],
    ['http://localhost.example.com', 'an https URI; plain http only for localhost, 127.0.0.0/8 or [::1]'],
    ['https://user:pw@a.example.com', 'a URI without user name and password'],
    ['javascript:alert(1)', 'an absolute URI of another scheme than javascript:'],
    ['/relative', 'an absolute URI without fragment, such as https://api.example.com'],
    ['api.example.com', 'an absolute URI without fragment, such as https://api.example.com'],
    ['https://', 'an absolute URI with a host, such as https://api.example.com'],
    ['urn:', 'an absolute URI with something after its scheme'],
    ['urn://localhost:..', 'an absolute URI that can be parsed, such as urn:example:api'],
    ['https://a.example.com/a b', 'an absolute URI without fragment, such as https://api.example.com'],
    ['https://a.example.com/\u0000', 'an absolute URI without fragment, such as https://api.example.com'],
    ['https://a.example.com/%zz', 'an absolute URI without fragment, such as https://api.example.com'],
    [`https://a.example.com/${'a'.repeat(600)}`, 'an absolute URI of at most 512 characters'],
    ['', 'an absolute URI without fragment, such as https://api.example.com'],
  ])('refuses the identifier %j', async (identifier, expected) => {
    expect((await faults({ identifier })).map((fault) => [fault.field, fault.expected])).toEqual([
      ['resource', expected],
    ])
  })

  test.each(['https://API.example.com', 'https://api.example.com/', 'HTTPS://api.EXAMPLE.com:443/'])(
    'refuses %s beside https://api.example.com',
    async (identifier) => {
      const error = await refusal(resources.create({ identifier }, SYSTEM))
      expect(error).toMatchObject({ code: 'resource_exists', status: 409 })
      expect(error.message).toBe(`A resource "${identifier}", or another spelling of it, exists already.`)
    },
  )

  test('refuses the identifier of a built-in resource in any spelling', async () => {
    const error = await refusal(resources.create({ identifier: 'https://AS.example.com/admin/v1/' }, SYSTEM))
    expect(error).toMatchObject({ code: 'resource_exists', status: 409 })
  })

  test('refuses the id of a client, whose ID tokens would have the same audience', async () => {
    const id = 'https://app.example.com/client.json'
    await here.db.query(
      `INSERT INTO clients (id, profile, origin, metadata, openid_scopes) VALUES ($1, 'spa', 'document', '{}', '{openid}')`,
      [id],
    )
    const error = await refusal(resources.create({ identifier: id }, SYSTEM))
    expect(error).toMatchObject({ code: 'resource_exists', status: 409 })
    expect(error.faults).toEqual([
      { field: 'resource', given: id, expected: 'an identifier that is not the id of a client' },
    ])
    expect(await resources.read(id)).toBeUndefined()
  })

  test('tells every faulty member at once', async () => {
    const found = await faults({
      name: '',
      scopes: ['ok', 'two words', 'quo"te', 'openid', 'ok', { name: 'text', description: 'a\u0007' }],
      accessTokenFormat: 'saml',
      accessTokenTyp: 'jwt',
      signingAlg: 'none',
      accessTokenTtlSeconds: 29,
    })
    expect(found.map(({ field, given }) => [field, given])).toEqual([
      ['name', ''],
      ['scopes[1]', 'two words'],
      ['scopes[2]', 'quo"te'],
      ['scopes[3]', 'openid'],
      ['scopes[4]', 'ok'],
      ['scopes[5].description', 'a\u0007'],
      ['access_token_format', 'saml'],
      ['access_token_typ', 'jwt'],
      ['signing_alg', 'none'],
      ['access_token_ttl_seconds', 29],
    ])
    expect(found.map(({ expected }) => expected).slice(3, 5)).toEqual([
      'another name; openid is a scope of OpenID Connect',
      'a name that the list has once',
    ])
  })

  test.each([29, 86_401, 1.5, '300', Number.NaN])('refuses a lifetime of %j', async (accessTokenTtlSeconds) => {
    const [fault] = await faults({ accessTokenTtlSeconds: accessTokenTtlSeconds as number })
    expect(fault).toMatchObject({
      field: 'access_token_ttl_seconds',
      expected: 'a whole number of seconds from 30 to 86400 (24 hours), or null',
    })
  })
})

describe('finding', () => {
  test.each([
    'https://api.example.com',
    'https://api.example.com/',
    'HTTPS://API.example.COM',
    'https://api.example.com:443/',
  ])('finds the registered resource by the spelling %s', async (spelling) => {
    expect((await resources.find(spelling))?.identifier).toBe('https://api.example.com')
  })

  test.each([
    'https://api.example.com//',
    'https://api.example.com:80',
    'https://api.example.com/v2',
    'http://api.example.com',
    '\u0000',
    '',
  ])('finds nothing by %j', async (spelling) => {
    expect(await resources.find(spelling)).toBeUndefined()
    expect(await resources.read(spelling)).toBeUndefined()
  })

  test('keeps the case of a path apart', async () => {
    await resources.create({ identifier: 'https://case.example.com/Path' }, SYSTEM)
    expect(await resources.find('https://case.example.com/path')).toBeUndefined()
  })
})

describe('changing', () => {
  test('replaces the members given, keeps the others and grows the version', async () => {
    const identifier = 'https://change.example.com'
    await resources.create({ identifier, name: 'Before', scopes: ['a', 'b'], accessTokenTtlSeconds: 60 }, SYSTEM)
    const after = await resources.update(identifier, { scopes: ['c'], accessTokenTtlSeconds: null }, 1, BY)
    expect(after).toMatchObject({ name: 'Before', accessTokenTtlSeconds: undefined, version: 2 })
    expect(after.scopes.map(({ name }) => name)).toEqual(['c'])
    expect((await events(identifier))[0]).toEqual(['resource.updated', 'success', 'cli-admin'])
  })

  test('refuses another identifier and an older version', async () => {
    const identifier = 'https://fixed.example.com'
    await resources.create({ identifier }, SYSTEM)
    const other = await refusal(resources.update(identifier, { identifier: 'https://x.example.com' }, 1, SYSTEM))
    expect(other.faults).toEqual([
      {
        field: 'resource',
        given: 'https://x.example.com',
        expected: 'https://fixed.example.com: an identifier never changes; register another resource',
      },
    ])
    await resources.update(identifier, { identifier, name: 'Second' }, 1, SYSTEM)
    const late = await refusal(resources.update(identifier, { name: 'Third' }, 1, SYSTEM))
    expect(late).toMatchObject({ code: 'version_mismatch', status: 412 })
    expect(await refusal(resources.remove(identifier, 1, SYSTEM))).toMatchObject({ code: 'version_mismatch' })
    expect((await resources.read(identifier))?.name).toBe('Second')
  })

  test('loses no change of concurrent writers that expect no version', async () => {
    const identifier = 'https://writers.example.com'
    await resources.create({ identifier }, SYSTEM)
    const changes = [{ name: 'N' }, { signingAlg: 'RS256' }, { accessTokenTtlSeconds: 90 }]
    await Promise.all(changes.map((input) => resources.update(identifier, input, undefined, SYSTEM)))
    expect(await resources.read(identifier)).toMatchObject({
      name: 'N',
      signingAlg: 'RS256',
      accessTokenTtlSeconds: 90,
      version: 4,
    })
  })

  test('removes a resource with the allowances for it, and then knows it no more', async () => {
    const identifier = 'https://gone.example.com'
    await resources.create({ identifier, scopes: ['x'] }, SYSTEM)
    const { client } = await here.clients.create(
      {
        origin: 'administrator',
        profile: 'machine',
        metadata: { token_endpoint_auth_method: 'client_secret_basic' },
        allowances: [{ resource: identifier, scopes: ['x'] }],
        defaultResource: identifier,
      },
      SYSTEM,
    )
    await resources.remove(identifier, undefined, SYSTEM)
    expect(await resources.find(identifier)).toBeUndefined()
    expect(await here.clients.read(client.id)).toMatchObject({ allowances: [], defaultResource: undefined, version: 2 })
    expect((await events(identifier))[0]?.[0]).toBe('resource.deleted')
    const error = await refusal(resources.remove(identifier, undefined, SYSTEM))
    expect(error).toMatchObject({ code: 'resource_not_found', status: 404 })
    expect(error.message).toBe('There is no resource "https://gone.example.com".')
  })
})

describe('another node', () => {
  test('obeys a change and a removal within a second', async () => {
    const identifier = 'https://nodes.example.com'
    await resources.create({ identifier, name: 'one' }, SYSTEM)
    expect((await there.resources.find(identifier))?.name).toBe('one')
    await resources.update(identifier, { name: 'two' }, undefined, SYSTEM)
    await eventually(async () => (await there.resources.find(identifier))?.name === 'two', SOON_MS)
    await resources.remove(identifier, undefined, SYSTEM)
    await eventually(async () => (await there.resources.find(identifier)) === undefined, SOON_MS)
  })

  test('obeys a change within five seconds when its notification is lost', async () => {
    const identifier = 'https://lost.example.com'
    await heard(
      there,
      'signet_resources',
      () => resources.create({ identifier, name: 'one' }, SYSTEM),
      () => identifier,
    )
    expect((await there.resources.find(identifier))?.name).toBe('one')
    // a change without a notification; it is seen earlier where the connection for notifications was lost meanwhile
    await here.db.query(`UPDATE resources SET name = 'two', version = 2 WHERE identifier = $1`, [identifier])
    await eventually(async () => (await there.resources.find(identifier))?.name === 'two', atMost(5200))
  })
})

describe('listing', () => {
  test('gives every resource once over all pages', async () => {
    const own = await openRooms((await cloneDatabase()).url)
    for (let n = 0; n < 7; n++) await own.resources.create({ identifier: `urn:example:${n}` }, SYSTEM)
    const first = await own.resources.list({ limit: 4 })
    const second = await own.resources.list({ limit: 4, cursor: String(first.nextCursor) })
    expect([...first.items, ...second.items].map(({ identifier }) => identifier)).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((n) => `urn:example:${n}`),
    )
    expect(second.nextCursor).toBeNull()
  })

  test('refuses a cursor that it did not give out', async () => {
    const error = await refusal(resources.list({ limit: 1, cursor: 'bm90IGpzb24' }))
    expect(error).toMatchObject({ code: 'invalid_cursor', status: 400 })
  })
})
