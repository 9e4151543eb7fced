/**
 * Checks access: the caller must be an enabled machine client, and its access token must be for this API and cover the
 * route's scope.
 */
import type { IncomingMessage } from 'node:http'
import type { JSONWebKeySet } from 'jose'
import type { Client, Clients } from '#clients/client.ts'
import { type AccessTokenClaims, AccessTokenRefused, accessTokens } from '#resource-server/index.ts'
import type { TokenStatus } from '#oidc/statuses/token-status.ts'
import type { SigningKeys } from '#signing-keys/signing-key.ts'
import type { AdminActor, Caller } from './caller.ts'
import { AdminError, insufficientScope } from './errors.ts'

export interface GuardDeps {
  readonly issuer: string
  /** The identifier of this API: `<issuer>/admin/v1`. */
  readonly audience: string
  readonly clients: Pick<Clients, 'read'>
  readonly signingKeys: Pick<SigningKeys, 'current'>
  /** Whether a token with a valid signature was revoked, or is older than a restore of the database. */
  readonly hasEnded: (claims: { jti: string; status?: TokenStatus }) => Promise<boolean>
}

export interface Guard {
  /**
   * Returns the caller. Throws AdminError 400, 401 or 403 with its challenge. `sawCaller` receives the caller even if
   * the request is refused.
   */
  admit(request: IncomingMessage, scope: string, sawCaller: (caller: Caller) => void): Promise<Caller>
}

/**
 * Creates the guard. Signatures are verified with the keys in memory; the client is read from PostgreSQL each time, so
 * that disabling it takes effect at once.
 */
export function createGuard({ issuer, audience, clients, signingKeys, hasEnded }: GuardDeps): Guard {
  const tokens = accessTokens({
    issuer,
    audience,
    keys: createKeySetReader(signingKeys),
    algorithms: ['ES256', 'RS256'],
    resourceMetadata: false,
  })

  async function admit(request: IncomingMessage, scope: string, sawCaller: (caller: Caller) => void) {
    refuseTokenInQuery(request.url)
    const claims = await verify(request)
    const caller = callerOf(claims)
    sawCaller(caller)
    refusePerson(caller.actor)
    if (await hasEnded(claims)) throw invalidToken('The access token has ended; ask for a new one.')
    const client = await clients.read(claims.client_id)
    if (!client || client.status !== 'enabled') {
      throw invalidToken(`The client of the access token, ${claims.client_id}, is ${client ? 'disabled' : 'deleted'}.`)
    }
    const scopes = scopesOf(client, claims, audience)
    requireScope(scope, scopes, claims)
    return { ...caller, scopes }
  }

  async function verify(request: IncomingMessage): Promise<AccessTokenClaims> {
    try {
      return await tokens.verify(request)
    } catch (error) {
      if (error instanceof AccessTokenRefused) throw translated(error)
      throw error
    }
  }

  return { admit }
}

/**
 * Returns a reader of the key set. It returns the same object until the keys change, so that each key is imported only
 * once.
 */
function createKeySetReader(signingKeys: Pick<SigningKeys, 'current'>): () => JSONWebKeySet {
  let version: string | undefined
  let set: JSONWebKeySet = { keys: [] }
  return () => {
    const current = signingKeys.current()
    if (current.version !== version) {
      set = { keys: current.keys.map((key) => key.publicJwk) }
      version = current.version
    }
    return set
  }
}

// Refuses a token in a URL, where it ends up in logs and histories (RFC 9700 §4.3.2).
function refuseTokenInQuery(url: string | undefined): void {
  const query = url?.split('?')[1]
  if (query === undefined || !new URLSearchParams(query).has('access_token')) return
  throw new AdminError(
    'invalid_request',
    'The access token belongs in the Authorization header, never in the query; this one should be revoked.',
    { headers: { 'WWW-Authenticate': 'Bearer error="invalid_request"' } },
  )
}

// People have no admin roles yet. Otherwise anyone who signs in at a client with access to this API would be an
// administrator.
function refusePerson({ kind }: AdminActor): void {
  if (kind !== 'person') return
  throw new AdminError('access_denied', 'The admin API answers machine clients; this access token is of a person.', {
    headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' },
  })
}

/** Returns the scopes of the token that the client is still allowed. */
function scopesOf(client: Client, claims: AccessTokenClaims, audience: string): string[] {
  const allowed = client.allowances.find(({ resource }) => resource === audience)?.scopes ?? []
  return inToken(claims).filter((scope) => allowed.includes(scope))
}

function inToken(claims: AccessTokenClaims): string[] {
  return (claims.scope ?? '').split(' ').filter(Boolean)
}

function requireScope(scope: string, scopes: readonly string[], claims: AccessTokenClaims): void {
  if (scopes.includes(scope)) return
  const message = inToken(claims).includes(scope)
    ? `The client ${claims.client_id} is no longer allowed the scope ${scope}.`
    : `The access token lacks the scope ${scope}.`
  throw insufficientScope(scope, message)
}

function callerOf({ sub, client_id }: AccessTokenClaims): Caller {
  // RFC 9068 §2.2: `sub` of a machine's token is its client_id
  const actor: AdminActor =
    sub === client_id ? { kind: 'client', clientId: client_id } : { kind: 'person', accountId: sub }
  return { actor, clientId: client_id, scopes: [] }
}

function translated(refused: AccessTokenRefused): Error {
  if (refused.status === 503) return refused
  const code =
    refused.error === 'invalid_token' || refused.error === 'invalid_request' ? refused.error : 'token_required'
  const message =
    code === 'token_required' ? 'The request needs an access token: Authorization: Bearer …' : refused.message
  const headers = refused.challenge === undefined ? {} : { 'WWW-Authenticate': refused.challenge }
  return new AdminError(code, message, { headers, cause: refused })
}

function invalidToken(message: string): AdminError {
  const description = message.replaceAll(/["\\]/g, "'")
  return new AdminError('invalid_token', message, {
    headers: { 'WWW-Authenticate': `Bearer error="invalid_token", error_description="${description}"` },
  })
}
