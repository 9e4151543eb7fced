/** What any storage adapter for the engine must do; run it over an adapter of your own by `adapterConformance`. */
import { randomBytes } from 'node:crypto'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { beforeAll, describe, expect, test } from 'vitest'

export interface AdapterUnderTest {
  adapter(model: string): Adapter
  /** Everything the adapter has stored, as text: `COPY … TO STDOUT` or the like. */
  dump(): Promise<string>
  /** Ends a session as a sign-out does. */
  endSession(uid: string): Promise<void>
  /** Runs `work` as one HTTP request: what it read is remembered until it writes. */
  asRequest<T>(work: () => Promise<T>): Promise<T>
}

const TOKENS = ['AuthorizationCode', 'RefreshToken', 'AccessToken', 'DeviceCode', 'PushedAuthorizationRequest']
const STORED_BY_VALUE = [...TOKENS, 'ClientCredentials', 'Interaction', 'RegistrationAccessToken']
const PARALLEL = 50

const secret = () => randomBytes(32).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

function payload(kind: string, value: string, also: Record<string, unknown> = {}): AdapterPayload {
  return { kind, jti: value, iat: now(), exp: now() + 60, ...also }
}

export function adapterConformance(name: string, make: () => Promise<AdapterUnderTest>): void {
  describe(`the adapter ${name}`, () => {
    let subject: AdapterUnderTest
    beforeAll(async () => {
      subject = await make()
    })
    storesAndFinds(() => subject)
    consumesOnce(() => subject)
    endsByGrant(() => subject)
    keepsSessions(() => subject)
    keepsNoSecret(() => subject)
  })
}

async function aGrant(subject: AdapterUnderTest): Promise<string> {
  const id = secret()
  await subject.adapter('Grant').upsert(id, payload('Grant', id, { accountId: 'acc', clientId: 'cli' }), 600)
  return id
}

function storesAndFinds(subject: () => AdapterUnderTest): void {
  test.each(STORED_BY_VALUE)('gives back a stored %s with its value', async (kind) => {
    const value = secret()
    const adapter = subject().adapter(kind)
    await adapter.upsert(value, payload(kind, value, { accountId: 'acc', clientId: 'cli', scope: 'a b' }), 60)
    expect(await adapter.find(value)).toMatchObject({
      kind,
      jti: value,
      accountId: 'acc',
      clientId: 'cli',
      scope: 'a b',
    })
    await adapter.destroy(value)
    expect(await adapter.find(value)).toBeUndefined()
  })

  test('finds no value under another kind: a code is no refresh token', async () => {
    for (const kind of STORED_BY_VALUE) {
      const value = secret()
      await subject().adapter(kind).upsert(value, payload(kind, value), 60)
      for (const other of STORED_BY_VALUE) {
        if (other !== kind) expect(await subject().adapter(other).find(value)).toBeUndefined()
      }
      expect(await subject().adapter('Session').find(value)).toBeUndefined()
    }
  })

  test('finds a value only whole: cut, longer or altered it is unknown', async () => {
    const value = secret()
    const adapter = subject().adapter('AccessToken')
    await adapter.upsert(value, payload('AccessToken', value), 60)
    for (const wrong of [value.slice(0, -1), `${value}A`, value.toLowerCase(), ` ${value}`, '']) {
      if (wrong !== value) expect(await adapter.find(wrong)).toBeUndefined()
    }
  })

  test('returns expired rows as expired, so that reuse is still noticed', async () => {
    const value = secret()
    const adapter = subject().adapter('AuthorizationCode')
    await adapter.upsert(value, payload('AuthorizationCode', value), 0)
    const found = await adapter.find(value)
    expect(found?.exp).toBeLessThanOrEqual(now())
  })

  test('finds a device code by its user code, with both values', async () => {
    const value = secret()
    const userCode = randomBytes(5).toString('hex').toUpperCase()
    const adapter = subject().adapter('DeviceCode')
    await adapter.upsert(value, payload('DeviceCode', value, { userCode, params: { scope: 'openid' } }), 60)
    expect(await adapter.findByUserCode(userCode)).toMatchObject({ jti: value, userCode, params: { scope: 'openid' } })
    expect(await adapter.findByUserCode('NOBODY')).toBeUndefined()
  })
}

function consumesOnce(subject: () => AdapterUnderTest): void {
  test.each(TOKENS)('lets exactly one of many at once consume one %s', async (kind) => {
    const value = secret()
    const adapter = subject().adapter(kind)
    await adapter.upsert(value, payload(kind, value), 60)
    const tries = await Promise.allSettled(Array.from({ length: PARALLEL }, async () => adapter.consume(value)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const failed of tries.filter((entry) => entry.status === 'rejected')) {
      expect(failed.reason).toMatchObject({ statusCode: 400, expose: true })
    }
  })

  test('keeps a consumed row consumed when a stale copy is saved', async () => {
    const value = secret()
    const adapter = subject().adapter('RefreshToken')
    await adapter.upsert(value, payload('RefreshToken', value), 60)
    await adapter.consume(value)
    await adapter.upsert(value, payload('RefreshToken', value), 60)
    expect((await adapter.find(value))?.['consumed']).toBeTypeOf('number')
  })

  test('lets exactly one of many at once finish an interaction, and never writes it back', async () => {
    const uid = secret()
    const adapter = subject().adapter('Interaction')
    await adapter.upsert(uid, payload('Interaction', uid, { params: { client_id: 'cli' } }), 60)
    const tries = await Promise.allSettled(Array.from({ length: PARALLEL }, async () => adapter.destroy(uid)))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const late = adapter.upsert(uid, payload('Interaction', uid, { result: { login: { accountId: 'acc' } } }), 60)
    await expect(late).rejects.toMatchObject({ error: 'invalid_request' })
  })
}

function endsByGrant(subject: () => AdapterUnderTest): void {
  test('ends everything that hangs on a grant, and nothing else', async () => {
    const [ended, other] = [await aGrant(subject()), await aGrant(subject())]
    const values: Record<string, string> = {}
    for (const kind of ['AuthorizationCode', 'RefreshToken', 'AccessToken']) {
      for (const grantId of [ended, other]) {
        const value = (values[kind + grantId] = secret())
        await subject()
          .adapter(kind)
          .upsert(value, payload(kind, value, { grantId }), 60)
      }
    }
    await subject().adapter('RefreshToken').revokeByGrantId(ended)
    for (const kind of ['AuthorizationCode', 'RefreshToken', 'AccessToken']) {
      expect(
        await subject()
          .adapter(kind)
          .find(values[kind + ended] as string),
      ).toBeUndefined()
      expect(
        await subject()
          .adapter(kind)
          .find(values[kind + other] as string),
      ).toMatchObject({ grantId: other })
    }
  })

  test('refuses to revoke without a grant, and touches no row that has none', async () => {
    const value = secret()
    const adapter = subject().adapter('AccessToken')
    await adapter.upsert(value, payload('AccessToken', value), 60)
    await expect(adapter.revokeByGrantId(undefined as never)).rejects.toThrow(TypeError)
    expect(await adapter.find(value)).toBeDefined()
  })

  test('refuses a token whose grant has ended meanwhile', async () => {
    const grantId = await aGrant(subject())
    await subject().adapter('Grant').destroy(grantId)
    const value = secret()
    const adapter = subject().adapter('RefreshToken')
    await expect(adapter.upsert(value, payload('RefreshToken', value, { grantId }), 60)).rejects.toThrow()
    expect(await adapter.find(value)).toBeUndefined()
  })
}

function keepsSessions(subject: () => AdapterUnderTest): void {
  async function aSession(also: Record<string, unknown> = {}): Promise<{ uid: string; id: string }> {
    const [uid, id] = [secret(), secret()]
    await subject()
      .adapter('Session')
      .upsert(id, payload('Session', id, { uid, accountId: 'acc', loginTs: now(), ...also }), 600)
    return { uid, id }
  }

  test('finds a session by its cookie value and by its uid', async () => {
    const { uid, id } = await aSession({ amr: ['pwd'] })
    expect(await subject().adapter('Session').find(id)).toMatchObject({ jti: id, uid, accountId: 'acc', amr: ['pwd'] })
    expect(await subject().adapter('Session').findByUid(uid)).toMatchObject({ uid, accountId: 'acc' })
  })

  test('keeps an ended session ended, whatever a request that still has it saves', async () => {
    const { uid, id } = await aSession()
    const sessions = subject().adapter('Session')
    await subject().asRequest(async () => {
      const loaded = (await sessions.find(id)) as AdapterPayload
      await subject().endSession(uid)
      await sessions.upsert(id, loaded, 600)
      await sessions.upsert(secret(), loaded, 600)
    })
    expect(await sessions.find(id)).toBeUndefined()
    expect(await sessions.findByUid(uid)).toBeUndefined()
  })

  test('merges what two requests of one session write for two clients', async () => {
    const { uid, id } = await aSession()
    const sessions = subject().adapter('Session')
    let loading = 3
    const { promise: allHaveLoaded, resolve: goOn } = Promise.withResolvers<void>()
    const visit = (clientId: string) =>
      subject().asRequest(async () => {
        const loaded = (await sessions.find(id)) as AdapterPayload
        loading -= 1
        if (loading === 0) goOn()
        await allHaveLoaded
        await sessions.upsert(
          id,
          { ...loaded, authorizations: { ...loaded.authorizations, [clientId]: { sid: clientId } } },
          600,
        )
      })
    await Promise.all(['one', 'two', 'three'].map(visit))
    const found = await sessions.findByUid(uid)
    expect(Object.keys(found?.authorizations ?? {}).toSorted()).toEqual(['one', 'three', 'two'])
    // what a request takes away stays away
    await subject().asRequest(async () => {
      const { authorizations, ...loaded } = (await sessions.find(id)) as AdapterPayload
      const { one: _one, ...rest } = authorizations ?? {}
      await sessions.upsert(id, { ...loaded, authorizations: rest }, 600)
    })
    expect(Object.keys((await sessions.findByUid(uid))?.authorizations ?? {}).toSorted()).toEqual(['three', 'two'])
  })

  test('lets a replaced cookie value of the same person live on for a moment, and none across a sign-in', async () => {
    const sessions = subject().adapter('Session')
    const replace = async (id: string, change: Record<string, unknown>): Promise<string> => {
      const next = secret()
      await subject().asRequest(async () => {
        const loaded = (await sessions.find(id)) as AdapterPayload
        await sessions.destroy(id)
        await sessions.upsert(next, { ...loaded, ...change }, 600)
      })
      return next
    }
    const same = await aSession()
    const next = await replace(same.id, {})
    expect(await sessions.find(same.id)).toMatchObject({ uid: same.uid })
    expect(await sessions.find(next)).toMatchObject({ uid: same.uid })
    const anonymous = await aSession({ accountId: undefined, loginTs: undefined })
    const signedIn = await replace(anonymous.id, { accountId: 'victim', loginTs: now() })
    expect(await sessions.find(anonymous.id)).toBeUndefined()
    expect(await sessions.find(signedIn)).toMatchObject({ accountId: 'victim' })
  })
}

function keepsNoSecret(subject: () => AdapterUnderTest): void {
  test('stores no bearer value and no secret member in the clear', async () => {
    const members: Record<string, Record<string, unknown>> = {
      DeviceCode: { userCode: 'WDJBMJHT', params: { login_hint: 'hint-device' } },
      PushedAuthorizationRequest: { request: 'pushed.request.jwt' },
      Interaction: {
        params: { login_hint: 'hint-interaction' },
        returnTo: 'https://return.example/x',
        parJti: 'par-jti',
        deviceCode: 'device-value',
      },
      Session: { uid: secret(), state: { secret: 'xsrf-secret' } },
    }
    const secrets = [
      'WDJBMJHT',
      'hint-device',
      'pushed.request.jwt',
      'hint-interaction',
      'return.example',
      'par-jti',
      'device-value',
      'xsrf-secret',
    ]
    for (const kind of [...STORED_BY_VALUE, 'Session']) {
      const value = secret()
      secrets.push(value)
      await subject()
        .adapter(kind)
        .upsert(value, payload(kind, value, members[kind] ?? {}), 600)
      expect(await subject().adapter(kind).find(value)).toMatchObject(members[kind] ?? {})
    }
    const dump = await subject().dump()
    for (const value of secrets) {
      for (const form of [value, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64')]) {
        expect(dump.includes(form), `${value} stands in the dump`).toBe(false)
      }
    }
  })
}
