/**
 * The direct path: answers plain requests for machine tokens without the engine, which takes twice as long for them.
 * It only ever answers 200. Whatever is not plainly good goes to the engine untouched, so each refusal is written once
 * (decision 0028).
 */
import type { Context, Middleware } from 'koa'
import type { AuditContext, AuditEvent } from '#audit/audit.ts'
import type { Client, Clients } from '#clients/client.ts'
import type { ClientKeys } from '#clients/managed-keys.ts'
import { PROFILES } from '#clients/profiles.ts'
import type { Resource } from '#resources/resource.ts'
import { randomName } from '#shared/ids.ts'
import type { UnitSettler } from '../../adapter/unit-of-work.ts'
import type { Lifetimes } from '../../configuration/lifetimes.ts'
import type { CurrentSigners } from '../../configuration/signing.ts'
import { assertionFault } from '../../engine/client-assertion.ts'
import { ASSERTION_TOLERANCE } from '../../engine/patches/clock-tolerance.ts'
import { ROUTES } from '../../engine/routes.ts'
import { createUnitOfWork, replayId } from '../../engine/scope/unit-of-work.ts'
import type { RestoreEpoch } from '../../restore-epoch/restore-epoch-store.ts'
import type { StatusClaim } from '../../statuses/status-claim.ts'
import { requestedScopes, machineResource, type ResourceRequests } from '../resource-requests.ts'
import { issuedEvent } from '../token-endpoint.ts'
import { isSignedBy, type PlainAssertion, readPlainAssertion, verificationKey } from './direct-assertion.ts'
import { parsePlainForm, peekBody, type PlainRequest, plainLength } from './direct-request.ts'
import { CLIENT_CREDENTIALS } from './grant.ts'

export interface DirectDeps {
  readonly issuer: string
  readonly clients: Pick<Clients, 'find'>
  readonly clientKeys: Pick<ClientKeys, 'used'>
  readonly requests: ResourceRequests
  readonly restoreEpoch: RestoreEpoch
  readonly lifetimes: Lifetimes
  readonly statusOfClient: (clientId: string) => Promise<StatusClaim>
  readonly settler: Pick<UnitSettler, 'settle'>
  /** The keys that sign now. */
  readonly signers: () => CurrentSigners
  readonly auditContext: (ctx: Context) => Omit<AuditContext, 'actor'>
  readonly counted: (grantType: string) => void
}

export function createDirectPath(deps: DirectDeps): Middleware {
  return async (ctx, next) => {
    const isToken = ctx.method === 'POST' && ctx.path === ROUTES.token && ctx.querystring === ''
    const issued = isToken ? await issue(deps, ctx) : undefined
    if (issued === undefined) {
      await next()
      return
    }
    // the body was put back, and nobody else reads it
    ctx.req.resume()
    ctx.status = 200
    // as the engine answers a request without Origin
    ctx.vary('Origin')
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.set('Access-Control-Expose-Headers', 'DPoP-Nonce,WWW-Authenticate')
    ctx.body = issued.body
    ctx.state['clientId'] = issued.clientId
    deps.counted(CLIENT_CREDENTIALS.metricLabel)
  }
}

/** What one request asks for, all of it verified. */
interface Granted {
  readonly client: Client
  readonly assertion: PlainAssertion
  readonly resource: Resource
  readonly scope: string
}

interface Token {
  readonly id: string
  readonly value: string
  /** Seconds. */
  readonly lifetime: number
}

/** Returns the answer, whose assertion and audit event are committed; undefined when the engine has to answer. */
async function issue(deps: DirectDeps, ctx: Context): Promise<{ clientId: string; body: object } | undefined> {
  const granted = await examine(deps, ctx)
  if (granted === undefined) return undefined
  const { client, assertion, resource, scope, token } = granted
  const unit = createUnitOfWork()
  const { sub, jti, exp } = assertion.claims
  const expiresAt = new Date((exp + ASSERTION_TOLERANCE) * 1000)
  unit.reservations.push({ of: 'assertion', id: replayId(sub, jti), expiresAt })
  const event: AuditEvent = issuedEvent(deps.auditContext(ctx), {
    clientId: client.id,
    grantType: CLIENT_CREDENTIALS.grantType,
    resource: resource.identifier,
    scope,
    accessTokenId: token.id,
    withRefreshToken: false,
  })
  const { outcome } = await deps.settler.settle(unit, { audit: [event], touch: undefined })
  // nothing was written: the engine finds the assertion used, too
  if (outcome !== 'committed') return undefined
  const body = { access_token: token.value, expires_in: token.lifetime, scope, token_type: 'Bearer' }
  return { clientId: client.id, body }
}

/** What fails here fails in the engine too, with the right words. Throws only when the caller has left. */
async function examine(deps: DirectDeps, ctx: Context): Promise<(Granted & { readonly token: Token }) | undefined> {
  const length = plainLength(ctx.req.headers)
  if (length === undefined) return undefined
  const body = await peekBody(ctx.req, length)
  if (!body) throw new Error('the caller left before it had sent its form')
  const form = body.length === length ? parsePlainForm(body) : undefined
  const assertion = form && readPlainAssertion(form.client_assertion)
  if (!assertion) return undefined
  try {
    const client = await deps.clients.find(assertion.claims.sub)
    if (!client || !isPlain(client, form) || !isAuthentic(deps, client, form, assertion)) return undefined
    const granted = { client, assertion, ...(await target(deps, client, form)) }
    return { ...granted, token: await createToken(deps, granted) }
  } catch {
    return undefined
  }
}

/** Whether nothing is registered for the client that its machine tokens depend on, but its keys. */
function isPlain({ id, status, origin, profile, metadata }: Client, form: PlainRequest): boolean {
  return (
    status === 'enabled' &&
    // the uses of other clients are noted
    origin === 'administrator' &&
    (form.client_id ?? id) === id &&
    metadata['token_endpoint_auth_method'] === 'private_key_jwt' &&
    (metadata['grant_types'] as readonly string[]).includes(CLIENT_CREDENTIALS.grantType) &&
    PROFILES[profile].fapi === undefined &&
    metadata['dpop_bound_access_tokens'] !== true &&
    metadata['tls_client_certificate_bound_access_tokens'] !== true
  )
}

/** RFC 7523 §3: the client's key signed the assertion, and no rule is broken. Records the use of the key. */
function isAuthentic(deps: DirectDeps, client: Client, form: PlainRequest, assertion: PlainAssertion): boolean {
  const { header, claims } = assertion
  const key = verificationKey(client, assertion)
  const registered = client.metadata['token_endpoint_auth_signing_alg'] ?? header.alg
  if (!key || registered !== header.alg) return false
  const tokenEndpoint = deps.issuer + ROUTES.token
  const context = {
    issuer: deps.issuer,
    tokenEndpoint,
    endpoint: tokenEndpoint,
    now: Math.floor(Date.now() / 1000),
    restoredAt: deps.restoreEpoch.beganAt.getTime() / 1000,
  }
  const fault = assertionFault({ jwt: form.client_assertion, claims, header, client, context })
  if (fault !== undefined || !isSignedBy(key, assertion)) return false
  deps.clientKeys.used(client.id, key.jwk)
  return true
}

/** Returns the resource and scope (RFC 8707 §2, RFC 6749 §3.3). Throws when the request asks for anything else. */
async function target(
  { requests }: DirectDeps,
  client: Client,
  form: PlainRequest,
): Promise<Pick<Granted, 'resource' | 'scope'>> {
  const named = form.resource ?? machineResource(client)
  const identifier = (await requests.find(named))?.identifier ?? named
  const { resource, scopes: granted } = await requests.allowed(identifier, client)
  const existing = new Set(resource.scopes.map(({ name }) => name))
  const scopes = requestedScopes(form.scope, { identified: [resource.identifier], granted, existing })
  if (resource.accessTokenFormat !== 'jwt' || scopes.some((scope) => !granted.includes(scope)))
    throw new TypeError('the engine knows what such a token is')
  return { resource, scope: scopes.join(' ') }
}

/** RFC 9068 §2: the members and their order are those of the engine's tokens. */
async function createToken(
  { issuer, lifetimes, signers, statusOfClient }: DirectDeps,
  { client, resource, scope }: Granted,
): Promise<Token> {
  const signer = signers().get(resource.signingAlg)
  if (!signer) throw new TypeError(`no key signs ${resource.signingAlg}`)
  const lifetime = resource.accessTokenTtlSeconds ?? lifetimes().access_token_seconds
  const id = randomName()
  const iat = Math.floor(Date.now() / 1000)
  const header = { alg: resource.signingAlg, typ: resource.accessTokenTyp, kid: signer.kid }
  const claims = {
    ...(await statusOfClient(client.id)),
    jti: id,
    sub: client.id,
    iat,
    exp: iat + lifetime,
    scope,
    client_id: client.id,
    iss: issuer,
    aud: resource.identifier,
  }
  const content = `${encoded(header)}.${encoded(claims)}`
  const signature = Buffer.from(await signer.sign(Buffer.from(content)))
  return { id, value: `${content}.${signature.toString('base64url')}`, lifetime }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
