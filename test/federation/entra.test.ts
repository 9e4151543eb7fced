/** Microsoft Entra ID: in the tenants that are open to all, the issuer of a token is that of the person's tenant. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PASSWORD } from '../support/administrator.ts'
import { textOf, type Visit } from '../support/person.ts'
import { forgedIssuer, type ForgedIssuer } from '../support/forged-hosts.ts'
import type { Begun } from './forged-world.ts'
import { OUR_ID, OUR_SECRET, type PresetWorld, startPresetWorld } from './preset-world.ts'

const HOST = 'https://login.microsoftonline.com'
const ACME = '11111111-aaaa-4bbb-8ccc-0123456789ab'
const EVIL = '22222222-aaaa-4bbb-8ccc-0123456789ab'
const issuerOf = (tenant: string) => `${HOST}/${tenant}/v2.0`
const TEMPLATE = issuerOf('{tenantid}')

let world: PresetWorld
let common: ForgedIssuer
let single: ForgedIssuer

beforeAll(async () => {
  world = await startPresetWorld()
  common = await forgedIssuer(world.hosts, { base: issuerOf('common'), issuer: TEMPLATE, clientId: OUR_ID })
  single = await forgedIssuer(world.hosts, { base: issuerOf(ACME), clientId: OUR_ID })
  await world.add('microsoft', { client_secret: OUR_SECRET, preset_values: { tenant: 'common' } })
  await world.add('microsoft', { id: 'acme', client_secret: OUR_SECRET, preset_values: { tenant: ACME } })
})

/** The key has an issuer as Microsoft's keys do; `withKey` changes it, and lets it be read again. */
async function withKey(issuer: unknown): Promise<void> {
  common.key['issuer'] = issuer
  await world.admin.call('PATCH', '/upstreams/microsoft', { name: 'Microsoft' })
}

beforeEach(() => {
  common.key['issuer'] = TEMPLATE
})

const person = (tenant: string, sub: string) => ({ iss: issuerOf(tenant), tid: tenant, sub })

async function arrive(
  claims: Record<string, unknown>,
  id = 'microsoft',
  provider = common,
): Promise<{ begun: Begun; page: Visit }> {
  const begun = await world.begin(id)
  provider.challenge = begun.request.get('code_challenge') ?? ''
  provider.claims = { nonce: begun.nonce, ...claims }
  return { begun, page: await world.back(begun) }
}

async function isRefused(page: Visit, reason: string): Promise<void> {
  expect([page.status, textOf(page.html).includes('could not sign you in')]).toEqual([403, true])
  expect(await world.newest('sign_in.failed')).toMatchObject({
    outcome: 'failure',
    reason: expect.stringContaining(reason) as string,
    detail: { method: 'federated' },
  })
}

describe('in the tenants that are open to all', () => {
  test('a person signs in with the issuer of their tenant', async () => {
    const { begun, page } = await arrive({
      ...person(ACME, 'ada'),
      email: 'ada@acme.example',
      xms_edov: true,
      name: 'Ada',
    })
    expect(begun.url.href.split('?')[0]).toBe(`${issuerOf('common')}/authorize`)
    expect(Object.fromEntries(begun.request)).toMatchObject({ scope: 'openid email profile', response_type: 'code' })
    expect(await world.accountOf(begun, page)).toMatchObject({ email: 'ada@acme.example', name: 'Ada' })
  })

  test('ASVS 6.8.1, OpenID Connect Core §2: the same subject in another tenant is another person', async () => {
    const mine = await arrive({ ...person(ACME, 'twin'), email: 'twin@acme.example', xms_edov: true })
    const account = await world.accountOf(mine.begun, mine.page)
    const theirs = await arrive({ ...person(EVIL, 'twin'), email: 'twin@evil.example', xms_edov: true })
    const other = await world.accountOf(theirs.begun, theirs.page)
    expect(other['sub']).not.toBe(account['sub'])
    const again = await arrive(person(ACME, 'twin'))
    expect(await world.accountOf(again.begun, again.page)).toMatchObject({ sub: account['sub'] })
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['of another tenant than its tid', { ...person(ACME, 'mixed'), tid: EVIL }, 'iss'],
    ['without a tid', { ...person(ACME, 'none'), tid: undefined }, 'iss'],
    ['whose tid is no tenant, and its issuer fits', person('common', 'odd'), 'tid'],
    ['whose issuer is the template itself', { iss: TEMPLATE, tid: '{tenantid}', sub: 'template' }, 'tid'],
    ['of another host', { iss: `https://evil.example/${ACME}/v2.0`, tid: ACME, sub: 'host' }, 'iss'],
    ['of version 1.0', { iss: `https://sts.windows.net/${ACME}/`, tid: ACME, sub: 'old' }, 'iss'],
  ])('an ID token is refused %s', async (_, claims, reason) => {
    const { page } = await arrive({ ...claims, email: 'refused@acme.example', xms_edov: true })
    await isRefused(page, reason)
  })

  test('an ID token is refused that a key of another issuer signed', async () => {
    await withKey(issuerOf(EVIL))
    const { page } = await arrive(person(ACME, 'foreign-key'))
    await isRefused(page, 'key of another issuer')
    await withKey(issuerOf(ACME))
    const right = await arrive({ ...person(ACME, 'own-key'), email: 'own-key@acme.example', xms_edov: true })
    expect(await world.accountOf(right.begun, right.page)).toMatchObject({ email: 'own-key@acme.example' })
    await withKey(TEMPLATE)
  })
})

describe('an address', () => {
  test.each([true, 'true', 1, '1'])('counts when its domain is that of the tenant: xms_edov is %j', async (owned) => {
    const sub = `owned-${typeof owned}-${owned}`
    const { begun, page } = await arrive({ ...person(ACME, sub), email: `${sub}@acme.example`, xms_edov: owned })
    expect(await world.accountOf(begun, page)).toMatchObject({ email: `${sub}@acme.example`, email_verified: true })
  })

  test.each([undefined, false, 'false', 0, '0', null, {}])(
    'does not count otherwise, whatever else the token says: xms_edov is %j',
    async (owned) => {
      const sub = `${typeof owned}-${JSON.stringify(owned) ?? ''}`.replaceAll(/[^\w-]/g, '')
      await world.admin.account(`${sub}@example.com`, PASSWORD)
      const claims = { email: `${sub}@example.com`, email_verified: true, xms_edov: owned }
      const { page } = await arrive({ ...person(EVIL, sub), ...claims })
      expect([page.status, textOf(page.html).includes('Your e-mail address is not confirmed')]).toEqual([403, true])
      expect(await world.newest('sign_in.failed')).toMatchObject({
        reason: 'no account is linked to this person, and the provider has not verified an address of theirs',
      })
    },
  )
})

describe('in one tenant', () => {
  test('a person signs in, and one of another tenant does not', async () => {
    const { begun, page } = await arrive(
      { ...person(ACME, 'solo'), email: 'solo@acme.example', xms_edov: 1 },
      'acme',
      single,
    )
    expect(await world.accountOf(begun, page)).toMatchObject({ email: 'solo@acme.example' })
    const other = await arrive({ ...person(EVIL, 'solo'), email: 'solo@evil.example', xms_edov: 1 }, 'acme', single)
    await isRefused(other.page, 'iss')
    const mixed = await arrive({ ...person(ACME, 'solo'), tid: EVIL }, 'acme', single)
    await isRefused(mixed.page, 'tid')
  })
})
