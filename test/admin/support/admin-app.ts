/** The admin API over the real rooms on a database of its own, served on a free port, and tokens to call it with. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { importJWK, type JWTPayload, SignJWT } from 'jose'
import Koa from 'koa'
import type { Accounts } from '../../../src/accounts/account.ts'
import { createAccounts } from '../../../src/accounts/accounts.ts'
import { createAdminApi } from '../../../src/admin/api.ts'
import type { AdminApiDeps } from '../../../src/admin/router.ts'
import { ADMIN_SCOPES, adminResourceOf } from '../../../src/admin/scopes.ts'
import { type Audit, type StoredAuditEvent, SYSTEM } from '../../../src/audit/audit.ts'
import { createAudit } from '../../../src/audit/recorder.ts'
import type { Client, Clients } from '../../../src/clients/client.ts'
import { createClients } from '../../../src/clients/clients.ts'
import { createClientKeys } from '../../../src/clients/managed-keys.ts'
import type { Database } from '../../../src/database/database.ts'
import { createNotifications } from '../../../src/database/notify.ts'
import { createDatabase } from '../../../src/database/pool.ts'
import { createFront } from '../../../src/http/front.ts'
import { createGuardedFetch } from '#outbound/guarded-fetch.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createMail } from '../../../src/mail/mail.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { createEndings } from '#oidc/endings/endings.ts'
import { GRANTS } from '#oidc/grants/registry.ts'
import { offersOf } from '#oidc/offers.ts'
import { createAccountAccess } from '#oidc/sessions/account-access.ts'
import { createStatusStore } from '#oidc/statuses/status-store.ts'
import { statusIndexOf } from '#oidc/statuses/token-status.ts'
import { createResources } from '../../../src/resources/resources.ts'
import { createSettings } from '#settings/settings.ts'
import { systemClock } from '../../../src/shared/clock.ts'
import type { Settings } from '../../../src/settings/settings.ts'
import { createKeyring, type Keyring } from '#sealing/keyring.ts'
import type { Invitations } from '#verification/invitation/invitations.ts'
import type { Passwords } from '../../../src/sign-in/password/password.ts'
import type { Upstreams } from '#federation/upstream.ts'
import { createUpstreams } from '#federation/upstreams.ts'
import { createVerification } from '#verification/verification.ts'
import { createMethods } from '../../../src/sign-in/methods.ts'
import { SEALED_COLUMNS } from '../../../src/services.ts'
import { createMasterKeys } from '#sealing/master-keys.ts'
import { createSigningKeys, type ManagedSigningKeys } from '../../../src/signing-keys/signing-keys.ts'
import { expect } from 'vitest'
import { atEnd } from '../../support/endings.ts'
import { freePort } from '../../support/ports.ts'
import { cloneDatabase } from '../../support/postgres.ts'
import { createAnswerCheck, type OpenApiDocument } from './answers-fit.ts'

export interface AdminApp {
  readonly issuer: string
  readonly db: Database
  readonly audit: Audit
  readonly clients: Clients
  readonly accounts: Accounts
  readonly invitations: Invitations
  readonly settings: Settings
  readonly keyring: Keyring
  readonly passwords: Passwords
  readonly upstreams: Upstreams
  readonly signingKeys: ManagedSigningKeys
  /** A machine client allowed for the admin API. */
  readonly caller: Client
  /** An access token of the caller, with claims and header members changed as given. */
  token(claims?: JWTPayload, header?: { typ?: string; alg?: string; kid?: string }): Promise<string>
  /** A request with all scopes; `token: null` sends none. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** Newest first. */
  events(type: string): Promise<StoredAuditEvent[]>
  /** The newest `admin.refused`. */
  refusal(): Promise<StoredAuditEvent | undefined>
}

interface CallOptions {
  readonly token?: string | null
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any // oxlint-disable-line typescript/no-explicit-any -- each test says what it expects of it
}

const ALL_SCOPES = Object.keys(ADMIN_SCOPES)

export async function startAdminApp(): Promise<AdminApp> {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const rooms = await createRooms(issuer)
  await serve(port, issuer, rooms)
  const caller = await createCaller(rooms.clients, issuer)
  const token = tokenMaker(issuer, rooms.signingKeys, caller.id)

  const document = (await (await fetch(`${issuer}/admin/v1/openapi.json`)).json()) as OpenApiDocument
  const misfits = createAnswerCheck(document)

  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const sent = options.token === undefined ? await token() : options.token
    const headers: Record<string, string> = { ...options.headers }
    if (sent !== null) headers.authorization = `Bearer ${sent}`
    if (options.body !== undefined && !('content-type' in headers)) headers['content-type'] = 'application/json'
    const body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
    const response = await fetch(`${issuer}/admin/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
    if (method !== 'HEAD') {
      expect(misfits({ ...answer, method, path: path.split('?')[0] as string }), `${method} ${path}`).toEqual([])
    }
    return answer
  }

  const events: AdminApp['events'] = async (type: string) => rooms.audit.list({ limit: 100, type })
  const refusal = async () => (await events('admin.refused'))[0]
  return { issuer, ...rooms, caller, token, call, events, refusal }
}

async function createRooms(issuer: string) {
  const { url } = await cloneDatabase()
  const logger = createLogger({ level: 'silent', format: 'json' })
  const db = createDatabase({ url, logger })
  const notifications = await createNotifications({ url, logger })
  const audit = createAudit({ db })
  const clock = systemClock
  const deps = { db, notifications, audit, clock }
  const adminResource = adminResourceOf(issuer)
  const resources = createResources({ ...deps, reserved: [adminResource] })
  const scopes = ALL_SCOPES.map((name) => ({ name }))
  const findResource = async (identifier: string) =>
    identifier === adminResource ? { identifier, scopes } : resources.find(identifier)
  const allowHttpJwksUri = (host: string) => host === '127.0.0.1'
  const offers = offersOf(GRANTS)
  const clients = createClients({ ...deps, findResource, allowHttpJwksUri, offers })
  const fetch = createGuardedFetch({ allow: ['127.0.0.0/8'] })
  const clientKeys = createClientKeys({ ...deps, clients, fetch })
  const accounts = createAccounts(deps)
  const keyring = createKeyring([Buffer.alloc(32, 7)])
  const signingKeys = createSigningKeys({ ...deps, keyring })
  const masterKeys = createMasterKeys({ db, keyring, sealed: SEALED_COLUMNS })
  await signingKeys.ensure(SYSTEM)
  const { passwords } = createMethods({ ...deps, accounts, keyring, issuer, brand: () => 'Signet' })
  const settings = createSettings(deps)
  const mail = createMail({
    config: { issuer, production: false, mailFrom: undefined },
    smtpUrl: undefined,
    db,
    keyring,
    logger,
    metrics: createMetrics(),
    clock,
    brand: () => 'Signet',
  })
  const endAccess = async () => undefined
  const { invitations, passwordReset } = createVerification({
    ...deps,
    accounts,
    keyring,
    mail,
    passwords,
    settings,
    endAccess,
  })
  const allowHttp = (host: string) => host === '127.0.0.1'
  const upstreams = createUpstreams({ ...deps, keyring, issuer, allowHttp })
  atEnd(async () => {
    settings.close()
    signingKeys.close()
    await notifications.close()
    await db.close()
  })
  const accountAccess = createAccountAccess({
    db,
    audit,
    endings: createEndings({ sessions: [], grants: [] }),
    keyring,
  })
  return {
    db,
    audit,
    clients,
    offers,
    clientKeys,
    resources,
    accounts,
    accountAccess,
    signingKeys,
    masterKeys,
    settings,
    upstreams,
    passwords,
    invitations,
    passwordReset,
    keyring,
    logger,
  }
}

async function serve(port: number, issuer: string, rooms: Awaited<ReturnType<typeof createRooms>>): Promise<void> {
  const app = new Koa({ proxy: true })
  app.use(
    createFront({
      logger: rooms.logger,
      metrics: createMetrics(),
      issuer,
      trustedProxies: [],
      routes: [],
      methods: {},
      postAsGet: [],
      paced: [],
      problemPaths: ['/admin/'],
    }),
  )
  const statuses = createStatusStore(rooms.db)
  const hasEnded: AdminApiDeps['hasEnded'] = ({ jti, status }) => statuses.hasEnded(jti, statusIndexOf(status))
  app.use(createAdminApi({ issuer, ...rooms, hasEnded }))
  const server = createServer(app.callback())
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  if ((server.address() as AddressInfo).port !== port) throw new Error('the port is not the one that was asked for')
  atEnd(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
}

function createCaller(clients: Clients, issuer: string): Promise<Client> {
  return clients
    .create(
      {
        origin: 'administrator',
        profile: 'machine',
        metadata: { client_name: 'operations', token_endpoint_auth_method: 'client_secret_basic' },
        allowances: [{ resource: adminResourceOf(issuer), scopes: ALL_SCOPES }],
      },
      SYSTEM,
    )
    .then(({ client }) => client)
}

function tokenMaker(issuer: string, signingKeys: ManagedSigningKeys, clientId: string): AdminApp['token'] {
  return async (claims = {}, header = {}) => {
    const jwk = signingKeys.current().privateJwks.find((key) => key.alg === (header.alg ?? 'ES256'))
    if (!jwk) throw new Error('there is no such current key')
    const now = Math.floor(Date.now() / 1000)
    const payload = {
      iss: issuer,
      sub: clientId,
      aud: adminResourceOf(issuer),
      client_id: clientId,
      iat: now,
      exp: now + 60,
      jti: randomUUID(),
      scope: ALL_SCOPES.join(' '),
      status: { status_list: { idx: 0, uri: `${issuer}/status-lists/0` } },
      ...claims,
    }
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid as string, ...header })
      .sign(await importJWK(jwk, header.alg ?? 'ES256'))
  }
}
