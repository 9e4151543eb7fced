/** A refresh token family under a scheduler: nodes in this process, real PostgreSQL, one statement at a time. */
import { randomBytes } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import { SYSTEM } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import { createDatabase } from '#database/pool.ts'
import { createAdapterFactory } from '#oidc/adapter/adapter.ts'
import { createArtefactStore } from '#oidc/adapter/artefact-store.ts'
import { createGrantStore } from '#oidc/adapter/grant-store.ts'
import { createPayloadSealer } from '#oidc/adapter/sealing.ts'
import { createEndings } from '#oidc/endings/endings.ts'
import { createSessionAdapter } from '#oidc/sessions/session-adapter.ts'
import { createSessionStore } from '#oidc/sessions/session-store.ts'
import { cookieSignatures } from '#oidc/configuration/cookies.ts'
import { DEFAULT_SETTINGS } from '#settings/settings-schema.ts'
import { createPasswords } from '#sign-in/password/passwords.ts'
import { createApp } from './app.ts'
import { atEnd } from './endings.ts'
import { person } from './person.ts'
import { cloneDatabase } from './postgres.ts'
import { openNode, processStarter, type ScheduleNode } from './in-process.ts'
import { openRooms, type Rooms } from './rooms.ts'
import { begin, type Operation } from './scheduler.ts'
import type { Reachable } from './server.ts'

const API = 'https://api.example.com'
const CALLBACK = 'http://localhost:5000/callback'
const ada = { email: 'ada@example.com', password: 'correct horse battery staple' }

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** The concurrent operations: the browser app refreshes in two tabs and revokes, and the person signs out. */
export const KINDS = ['refresh', 'refresh again', 'revoke', 'logout'] as const
export type Kind = (typeof KINDS)[number]

/** A refresh token of a browser app that ends with the session, its session, and an opaque token of the same grant. */
export interface Family {
  readonly clientId: string
  readonly sessionUid: string
  readonly grantId: string
  readonly refreshToken: string
  readonly accessToken: string
  readonly cookie: string
  readonly xsrf: string
}

export interface World {
  readonly db: Queryable
  /** With the session of another family, creates one for the other client in it. */
  family(within?: Family): Promise<Family>
  node(): Promise<ScheduleNode>
  /** Starts an operation on its own node, paused before its first statement. */
  begin(kind: Kind, family: Family, node: ScheduleNode): Promise<Operation<Answer>>
  /** Runs an operation without a schedule, on a node that no schedule uses. */
  send(kind: Kind, family: Family): Promise<Answer>
  refresh(refreshToken: string, clientId?: string, params?: Record<string, string>): Promise<Answer>
  introspect(token: string): Promise<Record<string, unknown>>
  userinfo(accessToken: string): Promise<number>
  /** Returns the unused refresh tokens of the family. */
  leaves(family: Family): Promise<number>
  /** Moves the first use of the token this many seconds into the past. */
  age(family: Family, seconds: number): Promise<void>
  /** Returns how many deadlocks PostgreSQL has resolved. */
  deadlocks(): Promise<number>
  readonly otherClientId: string
}

/** Asks again while PostgreSQL answers too slowly on a busy machine: 503 says nothing about a token. */
async function unlessBusy<T extends { readonly status: number }>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt < 20; attempt += 1) {
    const answer = await ask()
    if (answer.status !== 503) return answer
  }
  return ask()
}

export async function createWorld(): Promise<World> {
  const { url } = await cloneDatabase()
  const rooms = await openRooms(url)
  await rooms.signingKeys.ensure(SYSTEM)
  const db = createDatabase({ url, poolSize: 16 })
  atEnd(() => db.close())
  const start = processStarter(rooms, db, url)
  const checker = await openNode(start)
  const { clients, template } = await prepare(rooms, checker)
  const post = (path: string, body: Record<string, string>, headers: Record<string, string> = {}) =>
    send(checker, { path, body, headers })
  return {
    db,
    family: familyMaker(rooms, db, { template, otherClientId: clients.other }),
    node: () => openNode(start),
    otherClientId: clients.other,
    begin(kind, family, node) {
      const key = randomBytes(8).toString('hex')
      const abort = new AbortController()
      const request = requestOf(kind, family, clients.spa)
      return begin(key, {
        name: kind,
        run: () =>
          send(node, { ...request, headers: { ...request.headers, 'x-operation': key }, signal: abort.signal }),
        abandon() {
          abort.abort()
          node.replace()
        },
      })
    },
    send: (kind, family) => unlessBusy(() => send(checker, requestOf(kind, family, clients.spa))),
    refresh: (token, clientId = clients.spa, params = {}) =>
      post('/token', { grant_type: 'refresh_token', refresh_token: token, client_id: clientId, ...params }),
    async introspect(token) {
      const { status, body } = await unlessBusy(() => post('/introspect', { token, ...clients.gateway }))
      if (status !== 200) throw new Error(`introspection: ${status} ${JSON.stringify(body)}`)
      return body
    },
    async userinfo(accessToken) {
      const { status } = await unlessBusy(async () => {
        const response = await checker.fetch('/userinfo', { headers: { authorization: `Bearer ${accessToken}` } })
        await response.text()
        return response
      })
      return status
    },
    async leaves({ grantId }) {
      const { rowCount } = await db.query(
        `SELECT 1 FROM artefacts WHERE kind = 'RefreshToken' AND grant_id = $1 AND consumed_at IS NULL`,
        [grantId],
      )
      return rowCount
    },
    async deadlocks() {
      const { rows } = await db.query<{ deadlocks: string }>(
        'SELECT deadlocks, pg_stat_clear_snapshot() FROM pg_stat_database WHERE datname = current_database()',
      )
      return Number(rows[0]?.deadlocks)
    },
    async age({ grantId }, seconds) {
      await db.query('UPDATE artefacts SET consumed_at = consumed_at - make_interval(secs => $2) WHERE grant_id = $1', [
        grantId,
        seconds,
      ])
    },
  }
}

interface Sent {
  readonly path: string
  readonly body: Record<string, string>
  readonly headers: Record<string, string>
  readonly signal?: AbortSignal
}

async function send(node: Reachable, { path, body, headers, signal }: Sent): Promise<Answer> {
  const response = await node.fetch(path, {
    method: 'POST',
    body: new URLSearchParams(body),
    headers,
    redirect: 'manual',
    ...(signal ? { signal } : {}),
  })
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {} }
}

function requestOf(kind: Kind, family: Family, clientId: string): Sent {
  const { refreshToken, cookie, xsrf } = family
  if (kind === 'logout') return { path: '/logout/confirm', body: { xsrf, logout: 'yes' }, headers: { cookie } }
  if (kind === 'revoke') {
    return {
      path: '/revoke',
      body: { token: refreshToken, token_type_hint: 'refresh_token', client_id: clientId },
      headers: {},
    }
  }
  const body = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
  return { path: '/token', body, headers: {} }
}

interface Template {
  readonly session: AdapterPayload
  readonly grant: AdapterPayload
  readonly refreshToken: AdapterPayload
  readonly accessToken: AdapterPayload
}

/** Registers clients and an account, and signs in once; families are copies of those rows. */
async function prepare(rooms: Rooms, node: Reachable) {
  const { clients, resources, accounts, db } = rooms
  await resources.create({ identifier: API, scopes: ['posts:read'] }, SYSTEM)
  const allowances = [{ resource: API, scopes: ['posts:read'] }]
  const spa = async () =>
    clients.create(
      {
        origin: 'administrator',
        profile: 'spa',
        metadata: { redirect_uris: [CALLBACK], client_name: 'App', id_token_signed_response_alg: 'ES256' },
        allowances,
      },
      SYSTEM,
    )
  const { client } = await spa()
  const { client: other } = await spa()
  const { client: gateway, secret } = await clients.create(
    {
      origin: 'administrator',
      profile: 'machine',
      metadata: { token_endpoint_auth_method: 'client_secret_post', signet_introspect: true, client_name: 'Gateway' },
      allowances,
    },
    SYSTEM,
  )
  const store = await createPasswords(rooms).prepare(ada.password)
  await accounts.create({ email: ada.email }, SYSTEM, (trx, { id: sub }) => store(trx, sub))
  const adapter = adapterOver(rooms, db)
  const app = createApp(node, { id: client.id, key: {}, secret: undefined }, CALLBACK, true)
  const browser = person(() => node)
  const opaque = await app.redeem(await app.code(browser, ada, { scope: 'openid' }))
  const { body } = await app.redeem(await app.code(browser, ada, { scope: 'openid posts:read', resource: API }))
  const find = async (kind: string, value: string | undefined): Promise<AdapterPayload> => {
    const found = value === undefined ? undefined : await adapter(kind).find(value)
    if (!found) throw new Error(`nothing was stored as ${kind}`)
    return found
  }
  const refreshToken = await find('RefreshToken', body['refresh_token'])
  const template: Template = {
    refreshToken,
    accessToken: await find('AccessToken', opaque.body['access_token']),
    session: await find('Session', browser.cookies.get('signet_session')),
    grant: await find('Grant', refreshToken.grantId),
  }
  return {
    template,
    clients: {
      spa: client.id,
      other: other.id,
      gateway: { client_id: gateway.id, client_secret: secret as string },
    },
  }
}

function adapterOver({ keyring }: Rooms, db: Database) {
  const sealer = createPayloadSealer(keyring)
  const sessions = createSessionStore(db)
  return createAdapterFactory({
    artefacts: createArtefactStore(db),
    db,
    grants: createGrantStore(db),
    endings: createEndings({ sessions: [], grants: [] }),
    sessions: createSessionAdapter({
      sessions,
      sealer,
      absoluteSeconds: () => DEFAULT_SETTINGS.lifetimes.session_absolute_seconds,
    }),
    sealer,
    graceSeconds: () => DEFAULT_SETTINGS.lifetimes.refresh_grace_seconds,
    admit: () => undefined,
  })
}

/** Copies the template with new ids; the adapter itself writes the copies. */
function familyMaker(
  rooms: Rooms,
  db: ReturnType<typeof createDatabase>,
  { template, otherClientId }: { template: Template; otherClientId: string },
): World['family'] {
  const adapter = adapterOver(rooms, db)
  const keys = cookieSignatures(rooms.keyring, rooms.restoreEpoch.number)
  const fresh = () => randomBytes(32).toString('base64url')
  const templateClientId = template.refreshToken.clientId as string
  return async (within) => {
    const { session, grant, refreshToken, accessToken } = template
    const [grantId, cookieValue, refresh, access] = [fresh(), fresh(), fresh(), fresh()]
    const uid = within?.sessionUid ?? fresh()
    const xsrf = randomBytes(24).toString('hex')
    const clientId = within ? otherClientId : templateClientId
    const authorization = { ...session.authorizations?.[templateClientId], grantId }
    await adapter('Grant').upsert(grantId, { ...grant, clientId, jti: grantId }, 86_400)
    await adapter('Session').upsert(
      cookieValue,
      { ...session, jti: cookieValue, uid, authorizations: { [clientId]: authorization }, state: { secret: xsrf } },
      3600,
    )
    const bound = { clientId, grantId, sessionUid: uid }
    await adapter('RefreshToken').upsert(refresh, { ...refreshToken, ...bound, jti: refresh }, 3600)
    await adapter('AccessToken').upsert(access, { ...accessToken, ...bound, jti: access }, 3600)
    const cookie = `signet_session=${cookieValue}`
    const signature = keys.sign(cookie)
    return {
      clientId,
      sessionUid: uid,
      grantId,
      refreshToken: refresh,
      accessToken: access,
      xsrf,
      cookie: `${cookie}; signet_session.sig=${signature}`,
    }
  }
}
