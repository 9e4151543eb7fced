/** Registers clients, resources and accounts on a running server through the admin API, as an administrator does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { signAssertion } from './assertion.ts'
import type { Reachable, Server } from './server.ts'

export interface RegisteredClient {
  readonly id: string
  /** The private key of a client with private_key_jwt. */
  readonly key: JWK
  readonly secret: string | undefined
}

export interface Administrator {
  /** Sends a request to a path below `/admin/v1`; throws unless it succeeds. */
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
  /** Sends the same with additional headers, to any process of the issuer, and returns every answer. */
  ask(method: string, path: string, options?: AskOptions): Promise<AdminAnswer>
  resource(identifier: string, scopes: readonly string[], also?: Record<string, unknown>): Promise<void>
  /** Registers a client, with a new key if its profile needs one; `also` adds members to the request. */
  client(profile: string, also?: Record<string, unknown>): Promise<RegisteredClient>
  account(email: string, password: string, also?: Record<string, unknown>): Promise<string>
  /** Returns the newest audit events of a type. */
  audit(type: string): Promise<Record<string, unknown>[]>
  /** Returns the audit event of a type for the request that was answered with these headers. */
  eventOf(type: string, headers: Headers): Promise<Record<string, unknown> | undefined>
}

export interface AskOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly through?: Reachable
}

export interface AdminAnswer {
  readonly status: number
  readonly headers: Headers
  /** The JSON of the answer; undefined when it has no body. */
  readonly body: unknown
}

export const PASSWORD = 'correct horse battery staple'

/** Returns the private key of the client `signet-cli`. */
export function adminKeyOf({ keysDir }: Pick<Server, 'keysDir'>): JWK {
  return JSON.parse(readFileSync(join(keysDir, 'admin-cli.jwk.json'), 'utf8')) as JWK
}

export async function administrator(server: Pick<Server, 'issuer' | 'fetch' | 'keysDir'>): Promise<Administrator> {
  const key = adminKeyOf(server)
  let token: { value: string; until: number } | undefined

  async function accessToken(): Promise<string> {
    if (token && token.until > Date.now()) return token.value
    const response = await server.fetch('/token', {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await signAssertion({ issuer: server.issuer, clientId: 'signet-cli', key }),
        resource: `${server.issuer}/admin/v1`,
      }),
    })
    const body = (await response.json()) as { access_token: string }
    if (!response.ok) throw new Error(`no token for the admin API: ${JSON.stringify(body)}`)
    token = { value: body.access_token, until: Date.now() + 200_000 }
    return token.value
  }

  async function ask(method: string, path: string, options: AskOptions = {}): Promise<AdminAnswer> {
    const { body, headers = {}, through = server } = options
    const response = await through.fetch(`/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${await accessToken()}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
  }

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await ask(method, path, { body })
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body as T
  }

  async function audit(type: string): Promise<Record<string, unknown>[]> {
    const { items } = await call<{ items: Record<string, unknown>[] }>('GET', `/audit?type=${type}&limit=200`)
    return items
  }

  return {
    call,
    ask,
    audit,
    eventOf: async (type, headers) =>
      (await audit(type)).find((event) => event['request_id'] === headers.get('x-request-id')),
    async resource(identifier, scopes, also = {}) {
      await call('POST', '/resources', { resource: identifier, name: 'Posts', scopes, ...also })
    },
    async client(profile, also = {}) {
      const pair = await generateKeyPair('ES256', { extractable: true })
      const publicJwk = await exportJWK(pair.publicKey)
      const method =
        also['token_endpoint_auth_method'] ??
        (['spa', 'native', 'device'].includes(profile) ? 'none' : 'private_key_jwt')
      const jwks = method === 'private_key_jwt' && also['jwks'] === undefined && also['jwks_uri'] === undefined
      const created = await call<{ client_id: string; client_secret?: string }>('POST', '/clients', {
        signet_profile: profile,
        client_name: profile,
        ...(jwks ? { jwks: { keys: [{ ...publicJwk, alg: 'ES256', use: 'sig', kid: 'k1' }] } } : {}),
        ...also,
      })
      const privateJwk = { ...(await exportJWK(pair.privateKey)), alg: 'ES256', use: 'sig', kid: 'k1' }
      return { id: created.client_id, key: privateJwk, secret: created.client_secret }
    },
    async account(email, password, also = {}) {
      const created = await call<{ sub: string }>('POST', '/accounts', {
        email,
        password,
        name: 'Ada Lovelace',
        ...also,
      })
      return created.sub
    },
  }
}
