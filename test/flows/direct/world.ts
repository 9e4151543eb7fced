/** Two servers of one issuer, one with the direct path and one without, and machines of every kind. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Database } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import { administrator, type Administrator, type RegisteredClient } from '../../support/administrator.ts'
import { atEnd } from '../../support/endings.ts'
import { type Server, startServers } from '../../support/server.ts'
import { exchange, type Outcome } from './exchange.ts'
import { build, type Change } from './requests.ts'

export const API = 'https://api.example.com'

export interface World {
  readonly admin: Administrator
  readonly direct: Server
  readonly engine: Server
  /** The machine of plain requests. */
  readonly plain: RegisteredClient
  readonly db: Database
  /** Sends the same request, each with a `jti` of its own, to both servers. */
  both(change: Change): Promise<{ direct: Outcome; engine: Outcome; wasDirect: boolean }>
  /** How many tokens the server with the direct path has issued on it. */
  directTokens(): Promise<number>
}

export async function createWorld(): Promise<World> {
  const [direct, engine] = (await startServers(2)) as [Server, Server]
  await engine.stop()
  await engine.restart({ SIGNET_ENGINE_ONLY: 'true' })
  const admin = await administrator(direct)
  const clients = await register(admin)
  const db = createDatabase({ url: direct.databaseUrl, poolSize: 1 })
  atEnd(() => db.close())

  async function directTokens(): Promise<number> {
    const metrics = await (await fetch(`${direct.managementUrl}/metrics`)).text()
    return Number(/^signet_tokens_issued_directly_total\{[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
  }

  async function one(server: Server, change: Change, now: number): Promise<Outcome> {
    const client = clients[change.client ?? 'plain'] as RegisteredClient
    const { sent, exp } = build(direct.issuer, client, named(change, direct.issuer, client.id), now)
    return exchange(server, db, sent, exp)
  }

  return {
    admin,
    direct,
    engine,
    plain: clients['plain'] as RegisteredClient,
    db,
    directTokens,
    async both(change) {
      const before = await directTokens()
      // what is said about times is the same then
      const now = Math.floor(Date.now() / 1000)
      const outcomes = { direct: await one(direct, change, now), engine: await one(engine, change, now) }
      return { ...outcomes, wasDirect: (await directTokens()) > before }
    },
  }
}

/** Replaces the words that stand for values which only the running server has. */
function named(change: Change, issuer: string, clientId: string): Change {
  if (typeof change.claims === 'function') return change
  const words: Record<string, string> = { ISSUER: issuer, TOKEN_ENDPOINT: `${issuer}/token`, CLIENT: clientId }
  const replaced = JSON.stringify({ claims: change.claims, params: change.params }, (_name, value: unknown) =>
    typeof value === 'string' ? (words[value] ?? value) : value === undefined ? UNDEFINED : value,
  )
  const { claims, params } = JSON.parse(replaced, (_name, value: unknown) =>
    value === UNDEFINED ? null : value,
  ) as Record<string, Record<string, unknown> | null>
  return { ...change, ...withUndefined('claims', claims), ...withUndefined('params', params) }
}

const UNDEFINED = '\0undefined'

function withUndefined(name: string, members: Record<string, unknown> | null | undefined) {
  if (!members) return {}
  return { [name]: Object.fromEntries(Object.entries(members).map(([key, value]) => [key, value ?? undefined])) }
}

async function register(admin: Administrator): Promise<Record<string, RegisteredClient>> {
  await admin.resource(API, ['posts:read', 'posts:write'])
  await admin.resource('https://closed.example.com', ['closed:read'])
  await admin.resource('https://rs256.example.com', ['rs:read'], { signing_alg: 'RS256' })
  await admin.resource('https://opaque.example.com', ['opaque:read'], { access_token_format: 'opaque' })
  await admin.resource('https://typ.example.com', ['typ:read'], {
    access_token_typ: 'JWT',
    access_token_ttl_seconds: 60,
  })
  const signet_allow = [{ resource: API, scopes: ['posts:read'] }]
  const several = [
    ...signet_allow,
    ...['rs', 'opaque', 'typ'].map((name) => ({
      resource: `https://${name === 'rs' ? 'rs256' : name}.example.com`,
      scopes: [`${name}:read`],
    })),
  ]
  const machine = (also: Record<string, unknown> = {}) => admin.client('machine', { signet_allow, ...also })
  const second = await keyPair('ES256', 'k2')
  const clients = {
    plain: await machine(),
    several: await machine({ signet_allow: several }),
    default: await machine({ signet_allow: several, signet_default_resource: API }),
    disabled: await machine(),
    secret: await machine({ token_endpoint_auth_method: 'client_secret_basic' }),
    bound: await machine({ dpop_bound_access_tokens: true }),
    fapi2: await admin.client('fapi2', {
      signet_allow,
      grant_types: ['client_credentials', 'authorization_code'],
      redirect_uris: ['https://app.example.com/cb'],
    }),
    web: await admin.client('web', { signet_allow, redirect_uris: ['https://app.example.com/cb'] }),
    revoked: await machine(),
    endpoint: await machine({ signet_assertion_audience: 'token_endpoint' }),
    short: await machine({ signet_assertion_max_lifetime: 120 }),
    alg: await machine({
      token_endpoint_auth_signing_alg: 'RS256',
      jwks: { keys: [(await keyPair('RS256', 'r1')).open] },
    }),
  }
  await admin.call('POST', `/clients/${clients.disabled.id}/disable`)
  await admin.call('DELETE', `/clients/${clients.revoked.id}/keys/k1`)
  return {
    ...clients,
    secret: { ...clients.secret, key: clients.plain.key },
    'two-keys': await withKeys(machine, second, [second.open, (await keyPair('ES256', 'k3')).open]),
    rsa: await withKeys(machine, await keyPair('RS256', 'r1')),
    ps256: await withKeys(machine, await keyPair('PS256', 'p1')),
    eddsa: await withKeys(machine, await keyPair('EdDSA', 'e1')),
  }
}

interface Pair {
  readonly secret: JWK
  readonly open: JWK
}

async function keyPair(alg: string, kid: string): Promise<Pair> {
  const pair = await generateKeyPair(alg, { extractable: true })
  const also = { alg, kid, use: 'sig' }
  return {
    secret: { ...(await exportJWK(pair.privateKey)), ...also },
    open: { ...(await exportJWK(pair.publicKey)), ...also },
  }
}

async function withKeys(
  machine: (also: Record<string, unknown>) => Promise<RegisteredClient>,
  pair: Pair,
  keys: readonly JWK[] = [pair.open],
): Promise<RegisteredClient> {
  return { ...(await machine({ jwks: { keys } })), key: pair.secret }
}
