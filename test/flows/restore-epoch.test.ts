/** A database is restored from a backup: nothing that the backup has open opens anything, and what was registered stays. */
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { administrator, PASSWORD, type RegisteredClient } from '../support/administrator.ts'
import { assertionParams, signAssertion } from '../support/assertion.ts'
import { SOON_MS } from '../support/eventually.ts'
import { aMinuteAgo, justNow } from '../support/passed-time.ts'
import { answerOf, person } from '../support/person.ts'
import { asSuperuser } from '../support/postgres.ts'
import { CHECKS, hold, type Holdings } from '../support/revocation-holdings.ts'
import {
  MACHINE_API,
  ENDED_BY_RESTORE,
  type RestoreWorld,
  restoreWorld,
  signedInCookie,
  silentError,
} from '../support/restore-world.ts'
import { type Server, startServers } from '../support/server.ts'
import { listedStatus } from '../support/status-list.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

let world: RestoreWorld
beforeAll(async () => {
  world = await restoreWorld(startServers)
})

const aMachine = async (also: object = {}) =>
  (await world.renewed()).admin.client('machine', {
    signet_allow: [{ resource: MACHINE_API, scopes: ['posts:read'] }],
    ...also,
  })

async function machineToken(
  client: RegisteredClient,
  node: Server,
  assertion?: string,
): Promise<{ status: number; body: Record<string, string> }> {
  const params = await assertionParams({ issuer: node.issuer, clientId: client.id, key: client.key })
  if (assertion !== undefined) params['client_assertion'] = assertion
  const body = new URLSearchParams({ grant_type: 'client_credentials', resource: MACHINE_API, ...params })
  const response = await node.fetch('/token', { method: 'POST', body })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

async function accessToken(client: RegisteredClient, node: Server): Promise<string> {
  return (await machineToken(client, node)).body['access_token'] as string
}

test('without the epoch a backup brings back what was spent and ended', async () => {
  const holdings = await hold(world.stage)
  const { holder, offline, offlineToken } = holdings
  await world.restored(
    async () => {
      expect((await holder.app.redeem(holdings.code)).status).toBe(200)
      const revoked = await offline.app.call('/revoke', { token: offlineToken, client_secret: offline.secret })
      expect(revoked.status).toBe(200)
    },
    async () => undefined,
  )
  expect((await holder.app.redeem(holdings.code)).status).toBe(200)
  expect((await CHECKS['Offline refresh token']?.(world.stage, holdings))?.isAlive).toBe(true)
})

describe('with the epoch', () => {
  let machine: RegisteredClient
  /** Held at the backup, held and spent since, and issued since. */
  let holdings: Record<'inBackup' | 'spent' | 'lost', Holdings>
  /** Of the machine, before the backup and since. */
  let machineTokens: string[]
  let lostCookie: string
  let adminToken: string
  let jwksBefore: unknown
  const jwks = async (): Promise<unknown> => (await world.servers[0].fetch('/jwks')).json()

  beforeAll(async () => {
    const { servers, stage } = world
    machine = await aMachine()
    machineTokens = [await accessToken(machine, servers[0])]
    const [inBackup, spent] = [await hold(stage), await hold(stage)]
    jwksBefore = await jwks()
    await world.restored(async () => {
      await spent.holder.app.redeem(spent.code)
      spent.refreshToken = (await spent.refreshing.app.refresh(spent.refreshToken)).body['refresh_token'] as string
      holdings = { inBackup, spent, lost: await hold(stage) }
      lostCookie = await signedInCookie(world)
      machineTokens.push(await accessToken(machine, servers[1]))
      const { stdout } = await world.signet(['token', '--json'])
      adminToken = (JSON.parse(stdout) as { access_token: string }).access_token
    }, world.advance)
  })

  test('what was issued before the restore opens nothing on any server, whether the backup has it or not', async () => {
    const { servers, stage } = world
    expect(await world.alive(holdings.inBackup)).toEqual(ENDED_BY_RESTORE)
    expect(await world.alive(holdings.spent)).toEqual(ENDED_BY_RESTORE)
    for (const node of servers) {
      for (const token of [holdings.lost.jwt, holdings.lost.opaque]) {
        expect((await stage.gateway.call('/introspect', { token }, node)).body).toEqual({ active: false })
      }
      expect(await listedStatus(node, holdings.lost.jwt)).toBe(1)
      expect(await silentError(node, stage, lostCookie)).toBe('login_required')
    }
  })

  test('what machines hold ends as well: at introspection, by the status list and at the admin API', async () => {
    const after = await accessToken(machine, world.servers[1])
    for (const node of world.servers) {
      for (const token of machineTokens) {
        expect((await world.stage.gateway.call('/introspect', { token }, node)).body).toEqual({ active: false })
        expect(await listedStatus(node, token)).toBe(1)
      }
      const { body } = await world.stage.gateway.call('/introspect', { token: after }, node)
      expect(body).toMatchObject({ active: true })
      expect(await listedStatus(node, after)).toBe(0)
      const refused = await node.fetch('/admin/v1/clients', { headers: { authorization: `Bearer ${adminToken}` } })
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
      expect(await refused.json()).toMatchObject({
        code: 'invalid_token',
        detail: 'The access token has ended; ask for a new one.',
      })
    }
    const events = await (await administrator(world.servers[0])).audit('admin.refused')
    expect(events.filter(({ reason }) => String(reason).startsWith('invalid_token'))).toHaveLength(2)
  })

  test('clients, keys, accounts and consents stay: a person signs in again and is not asked for consent', async () => {
    const { inBackup } = holdings
    expect(await jwks()).toEqual(jwksBefore)
    const { admin } = await world.renewed()
    const { email } = await admin.call<{ email: string }>('GET', `/accounts/${inBackup.sub}`)

    const browser = person(() => world.servers[1])
    const scope = 'openid posts:read posts:write offline_access'
    const page = await browser.visit(inBackup.offline.app.begin({ scope, resource: inBackup.resource }).url)
    expect(page.html).toContain('name="password"')
    const after = await browser.submit(page, { identifier: email, password: PASSWORD })
    expect(answerOf(after.left as URL)).toMatchObject({ code: expect.any(String) })
  })
})

test('a client assertion of before is refused, whether it was used or not, and until it is sure that it was made after', async () => {
  const machine = await aMachine()
  const short = await aMachine({ signet_assertion_max_lifetime: 60 })
  const later = await aMachine({ signet_assertion_max_lifetime: 60 })
  const { issuer, databaseUrl } = world.servers[0]
  const sign = (client: RegisteredClient, claims: Record<string, unknown>) =>
    signAssertion({ issuer, clientId: client.id, key: client.key, claims })
  const now = () => Math.floor(Date.now() / 1000)
  const [used, unused] = [await sign(machine, { exp: now() + 600 }), await sign(machine, { exp: now() + 600 })]
  await justNow(databaseUrl)
  await world.restored(async () => {
    expect((await machineToken(machine, world.servers[0], used)).status).toBe(200)
  }, world.advance)
  const before =
    'client assertion: it was made before this server was restored, or within a minute after (iat); make a new one'
  const unknown = 'client assertion: it may have been made before this server was restored; make a new one, with iat'
  for (const [client, assertion, description] of [
    [machine, used, before],
    [machine, unused, before],
    [machine, await sign(machine, {}), before],
    [machine, await sign(machine, { iat: undefined, exp: now() + 3000 }), unknown],
    [short, await sign(short, { iat: undefined, exp: now() + 60 }), unknown],
  ] as const) {
    expect(await machineToken(client, world.servers[1], assertion)).toEqual({
      status: 401,
      body: { error: 'invalid_client', error_description: description },
    })
  }
  // with a clock that is nearly a minute ahead, the minute is over at once
  const ahead = async (claims: object) => machineToken(machine, world.servers[1], await sign(machine, { ...claims }))
  const early = () => ({ iat: now() + 58, exp: now() + 90 })
  await expect.poll(async () => (await ahead(early())).status, { timeout: SOON_MS }).toBe(200)
  expect((await ahead({ iat: undefined, nbf: now() + 58, exp: now() + 90 })).status).toBe(200)
  await aMinuteAgo(databaseUrl)
  await world.stopped(async () => {
    await world.advance()
    await asSuperuser(
      (client) =>
        client.query(`UPDATE clients SET updated_at = updated_at - interval '1 hour' WHERE id = $1`, [short.id]),
      databaseUrl,
    )
  })
  // one whose longest lifetime is short is let in as soon as its assertions cannot be of before
  expect((await machineToken(short, world.servers[0], await sign(short, { iat: undefined }))).status).toBe(200)
  // but not one that was registered as such after the restore
  for (const [client, exp] of [
    [machine, now() + 3000],
    [later, now() + 60],
  ] as const) {
    const answer = await machineToken(client, world.servers[0], await sign(client, { iat: undefined, exp }))
    expect(answer).toMatchObject({ status: 401, body: { error_description: unknown } })
  }
  expect((await machineToken(machine, world.servers[0])).status).toBe(200)
  const events = await (await administrator(world.servers[0])).audit('token.refused')
  expect(events.filter(({ reason }) => String(reason).includes('may have been made before'))).toHaveLength(4)
})
