/** The registration endpoint (RFC 7591 §3) and the client configuration endpoint (RFC 7592 §2). */
import type { Context, Middleware } from 'koa'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Client } from '#clients/client.ts'
import { ClientMetadataError } from '#clients/errors.ts'
import { RegistrationRefused } from '#clients/registration/errors.ts'
import { toldMembers } from '#clients/registration/inference.ts'
import type { Metadata, Registered, Registrant, Registration } from '#clients/registration/registration.ts'
import { readJson } from '#http/body.ts'
import { RequestError } from '#http/errors.ts'
import { requestOrigin } from '#http/origin.ts'
import type { WriteBudget } from '#http/write-budget.ts'
import { AppError } from '#shared/app-error.ts'
import { ROUTES } from '../engine/routes.ts'

export interface RegistrationEndpointDeps {
  readonly issuer: string
  readonly registration: Registration
  readonly writeBudget: WriteBudget
  readonly audit: Audit
}

const PATH = new RegExp(`^${ROUTES.registration}(?:/([^/]+))?$`)
const METHODS = { registration: ['POST'], client: ['GET', 'PUT', 'DELETE'] } as const
/** Faults that the error description names. */
const TOLD_FAULTS = 3

export function createRegistrationEndpoint(deps: RegistrationEndpointDeps): Middleware {
  return async (ctx, next) => {
    const [found, id] = PATH.exec(ctx.path) ?? []
    if (found === undefined) await next()
    else await serve(deps, ctx, id)
  }
}

/** `id`: the client of the client configuration endpoint. */
async function serve(deps: RegistrationEndpointDeps, ctx: Context, id: string | undefined): Promise<void> {
  allowOrigins(ctx)
  const methods = id === undefined ? METHODS.registration : METHODS.client
  if (ctx.method === 'OPTIONS') return preflight(ctx, methods)
  const method = ctx.method === 'HEAD' ? 'GET' : ctx.method
  if (!methods.some((one) => one === method)) {
    ctx.set('Allow', methods.join(', '))
    throw new RequestError('method_not_allowed', `This address takes ${methods.join(' or ')} requests only.`)
  }
  // RFC 7591 §3.2.1
  ctx.set('Cache-Control', 'no-store')
  try {
    await answer(deps, ctx, id)
  } catch (error) {
    await refuse(deps, ctx, { error, id })
  }
}

/** Any page may register a client: the request carries no cookie, and a token only if the page has one. */
function allowOrigins(ctx: Context): void {
  if (ctx.get('origin') === '') return
  ctx.vary('Origin')
  ctx.set('Access-Control-Allow-Origin', '*')
  ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After')
}

function preflight(ctx: Context, methods: readonly string[]): void {
  ctx.set('Access-Control-Allow-Methods', methods.join(', '))
  ctx.set('Access-Control-Allow-Headers', ctx.get('access-control-request-headers') || 'authorization, content-type')
  ctx.set('Access-Control-Max-Age', '3600')
  ctx.status = 204
}

async function answer(deps: RegistrationEndpointDeps, ctx: Context, id: string | undefined): Promise<void> {
  const { registration } = deps
  const token = bearerOf(ctx)
  if (id === undefined) {
    const registered = await registration.register(await readMetadata(ctx), token, registrantOf(deps, ctx, undefined))
    ctx.status = 201
    return tell(deps, ctx, registered)
  }
  const registrant = registrantOf(deps, ctx, id)
  if (ctx.method === 'DELETE') {
    await registration.remove(id, token, registrant)
    ctx.status = 204
    return
  }
  ctx.status = 200
  if (ctx.method === 'PUT')
    return tell(deps, ctx, await registration.replace(id, token, await readMetadata(ctx), registrant))
  tell(deps, ctx, await registration.read(id, token))
}

function registrantOf({ writeBudget }: RegistrationEndpointDeps, ctx: Context, id: string | undefined): Registrant {
  const origin = requestOrigin(ctx)
  const by: AuditContext = { ...origin, actor: id === undefined ? { kind: 'anonymous' } : { kind: 'client', id } }
  return { by, charge: (bytes) => writeBudget.charge(origin.address, bytes) }
}

/** RFC 6750 §2.1. The scheme is case-insensitive (RFC 9110 §11.1). */
function bearerOf(ctx: Context): string | undefined {
  const { authorization } = ctx.headers
  if (authorization === undefined) return undefined
  const [, token] = /^bearer ([A-Za-z0-9\-._~+/]{1,512}=*)$/i.exec(authorization) ?? []
  if (token !== undefined) return token
  throw new RegistrationRefused('invalid_token', 'The Authorization header must be: Bearer and the token.')
}

async function readMetadata(ctx: Context): Promise<Metadata> {
  const body = await readJson(ctx)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Metadata
  throw new RequestError('malformed_request', 'The request body must be a JSON object with client metadata.')
}

/** RFC 7591 §3.2.1, RFC 7592 §3: the client information response. */
function tell({ issuer }: RegistrationEndpointDeps, ctx: Context, registered: Registered): void {
  const { client, secret, token, redirectUris, statement } = registered
  ctx.body = {
    ...informationOf(client),
    ...(redirectUris === undefined ? {} : { redirect_uris: redirectUris }),
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    ...(statement === undefined ? {} : { software_statement: statement }),
    ...(token === undefined
      ? {}
      : {
          registration_access_token: token,
          registration_client_uri: `${issuer}${ROUTES.registration}/${client.id}`,
        }),
  }
}

function informationOf({ id, createdAt, metadata, openidScopes, allowances }: Client): Record<string, unknown> {
  const scopes = [...openidScopes, ...allowances.flatMap(({ scopes: allowed }) => allowed)]
  return {
    client_id: id,
    client_id_issued_at: Math.floor(createdAt.getTime() / 1000),
    ...toldMembers(metadata),
    ...(scopes.length === 0 ? {} : { scope: [...new Set(scopes)].join(' ') }),
  }
}

interface Refused {
  readonly error: unknown
  readonly id: string | undefined
}

/** Answers a refusal and records it. Throws what is no refusal of this endpoint. */
async function refuse({ audit }: RegistrationEndpointDeps, ctx: Context, { error, id }: Refused): Promise<void> {
  if (!(error instanceof AppError) || error instanceof RequestError || error.status >= 500) throw error
  const { code, description } = shownError(error)
  ctx.status = error.status
  ctx.body = { error: code, error_description: description }
  if (error.status === 401) challenge(ctx, description)
  if ('retryAfterSeconds' in error) ctx.set('Retry-After', String(error.retryAfterSeconds))
  await audit.record({
    ...requestOrigin(ctx),
    type: 'endpoint.refused',
    outcome: 'failure',
    actor: { kind: 'anonymous' },
    reason: `${code}: ${description}`,
    detail: { endpoint: 'registration', ...(id === undefined ? {} : { claimed_client_id: id.slice(0, 200) }) },
  })
}

function shownError(error: AppError): { readonly code: string; readonly description: string } {
  if (error instanceof RegistrationRefused) return { code: error.code, description: error.message }
  if (!(error instanceof ClientMetadataError)) return { code: protocolCode(error), description: error.message }
  const { faults } = error
  const told = faults.slice(0, TOLD_FAULTS).map(({ field, given, expected }) => {
    return `${field}: ${JSON.stringify(given) ?? 'nothing'} was given, expected ${expected}`
  })
  const more = faults.length > TOLD_FAULTS ? [`and ${faults.length - TOLD_FAULTS} more`] : []
  // RFC 7591 §3.2.2
  const isUris = faults.every(({ field }) => field.startsWith('redirect_uris'))
  return {
    code: isUris ? 'invalid_redirect_uri' : 'invalid_client_metadata',
    description: [...told, ...more].join('; '),
  }
}

function protocolCode({ status }: AppError): string {
  return status === 429 ? 'temporarily_unavailable' : 'invalid_request'
}

/** RFC 6750 §3: the challenge names an error only when a token was sent. */
function challenge(ctx: Context, description: string): void {
  const error = `error="invalid_token", error_description="${description.replaceAll(/["\\]/g, "'")}"`
  ctx.set('WWW-Authenticate', ctx.get('authorization') === '' ? 'Bearer' : `Bearer ${error}`)
}
