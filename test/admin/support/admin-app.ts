/** The admin API over the real rooms on a database of its own, served on a free port, and tokens to call it with. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { importJWK, type JWTPayload, SignJWT } from 'jose'
import { createApp } from '#app.ts'
import { loadConfig } from '#config/load.ts'
import { openServices, type Services } from '#services.ts'
import type { Accounts } from '#accounts/account.ts'
import { ADMIN_SCOPES, adminResourceOf } from '#admin/scopes.ts'
import { type Audit, type StoredAuditEvent, SYSTEM } from '#audit/audit.ts'
import type { Client, Clients } from '#clients/client.ts'
import type { Database } from '#database/database.ts'
import { createLogger } from '#observability/logger.ts'
import { createMetrics } from '#observability/metrics.ts'
import type { Settings } from '#settings/settings.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Invitations } from '#verification/invitation/invitations.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { Upstreams } from '#federation/upstream.ts'
import type { ManagedSigningKeys } from '#signing-keys/signing-keys.ts'
import { expect } from 'vitest'
import { atEnd } from '../../support/endings.ts'
import { freePort } from '../../support/ports.ts'
import { cloneDatabase } from '../../support/postgres.ts'
import { temporaryDir } from '../../support/server.ts'
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
  readonly body: any // oxlint-disable-line typescript/no-explicit-any -- `call` checks it against the schema of the OpenAPI document
}

const ALL_SCOPES = Object.keys(ADMIN_SCOPES)

export async function startAdminApp(): Promise<AdminApp> {
  const port = await freePort()
  const issuer = `http://localhost:${port}`
  const { services, db } = await openRooms(port)
  await serve(port, services)
  const { audit, clients, accounts, settings, keyring, signingKeys } = services
  const caller = await createCaller(clients, issuer)
  const token = tokenMaker(issuer, signingKeys, caller.id)

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

  const events: AdminApp['events'] = async (type: string) => audit.list({ limit: 100, type })
  const refusal = async () => (await events('admin.refused'))[0]
  return {
    issuer,
    db,
    audit,
    clients,
    accounts,
    invitations: services.verification.invitations,
    settings,
    keyring,
    passwords: services.signIn.passwords,
    upstreams: services.federation.upstreams,
    signingKeys,
    caller,
    token,
    call,
    events,
    refusal,
  }
}

async function openRooms(port: number) {
  const { url } = await cloneDatabase()
  const masterKey = Buffer.alloc(32, 7).toString('base64url')
  const { config, secrets } = loadConfig({
    SIGNET_REFUSALS_PER_MINUTE: '1000000',
    PORT: String(port),
    DATABASE_URL: url,
    SIGNET_MASTER_KEYS: masterKey,
    SIGNET_KEYS_DIR: temporaryDir('keys'),
  })
  const logger = createLogger({ level: 'silent', format: 'json' })
  const metrics = createMetrics()
  const input = { config, secrets, databaseUrl: url, databaseDirectUrl: url, logger, metrics }
  const { services, foundations } = await openServices(input)
  atEnd(async () => {
    await foundations.close()
    metrics.close()
  })
  return { services, db: foundations.db }
}

async function serve(port: number, services: Services): Promise<void> {
  const server = createServer(createApp(services).callback())
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
