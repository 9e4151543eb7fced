/** The `claims` parameter (OpenID Connect Core §5.5): what it may hold, and what it asks of a sign-in. */
import { decodeJwt } from 'jose'
import { errors } from 'oidc-provider'
import type { ClaimsParameter, Client as EngineClient, KoaContextWithOIDC } from 'oidc-provider'
import { ACR_VALUES, type Acr, reaches } from '#resource-server/acr.ts'
import { clientOf } from '../engine/clients.ts'
import { CLAIMS } from './claims.ts'

type Params = Readonly<Record<string, unknown>>
type Target = 'id_token' | 'userinfo'

/** How a request asks for one claim (§5.5.1). */
interface ClaimRequest {
  readonly essential?: boolean
  readonly value?: string
  readonly values?: readonly string[]
}
type ClaimRequests = Record<string, ClaimRequest | null>

const TARGETS: readonly Target[] = ['id_token', 'userinfo']
/** Claims about the sign-in. Any client gets them, and no person is asked for them. */
const PROTOCOL_CLAIMS = ['sub', 'sid', 'auth_time', 'acr', 'amr']
/** The claims whose `value` and `values` have a meaning here. Those of all others are ignored (§5.5.1). */
const COMPARED_CLAIMS = ['sub', 'acr']
const MAX_VALUES = 20
const MAX_VALUE_LENGTH = 255

/** The scope that each claim belongs to (§5.4). */
const SCOPE_OF = new Map(
  Object.entries(CLAIMS as Readonly<Record<string, readonly string[]>>)
    .filter(([scope]) => scope !== 'openid')
    .flatMap(([scope, claims]) => claims.map((claim) => [claim, scope] as const)),
)

/**
 * Checks the parameter, and keeps of it what is used: claims that we know and whose scope the client may have, so that
 * what is stored stays small. Throws InvalidRequest.
 */
export function assertClaimsParameter(
  { oidc }: KoaContextWithOIDC,
  claims: ClaimsParameter,
  engineClient: EngineClient,
): void {
  const { openidScopes } = clientOf(engineClient)
  const isKept = (claim: string) => PROTOCOL_CLAIMS.includes(claim) || openidScopes.includes(SCOPE_OF.get(claim) ?? '')
  const kept: Partial<Record<Target, ClaimRequests>> = {}
  for (const target of TARGETS) {
    const asked = Object.entries(claims[target] ?? {}).filter(([claim]) => isKept(claim))
    kept[target] = Object.fromEntries(asked.map(([claim, given]) => [claim, checked(target, claim, given)]))
  }
  if (oidc.params) oidc.params['claims'] = JSON.stringify(kept)
}

function checked(target: Target, claim: string, given: unknown): ClaimRequest | null {
  const name = `claims.${target}.${claim}`
  if (given === null) return null
  if (typeof given !== 'object' || Array.isArray(given)) throw invalid(name, 'null or an object')
  const { essential, value, values } = given as Record<string, unknown>
  if (essential !== undefined && typeof essential !== 'boolean') throw invalid(`${name}.essential`, 'true or false')
  const request = essential === undefined ? {} : { essential }
  if (!COMPARED_CLAIMS.includes(claim)) return request
  if (value !== undefined && !isValue(value)) throw invalid(`${name}.value`, VALUE)
  if (values === undefined) return value === undefined ? request : { ...request, value: value }
  if (!Array.isArray(values) || values.length === 0 || values.length > MAX_VALUES || !values.every(isValue)) {
    throw invalid(`${name}.values`, `an array of 1 to ${MAX_VALUES}, each ${VALUE}`)
  }
  return { ...request, values: value === undefined ? values : [...values, value] }
}

const VALUE = `a text of 1 to ${MAX_VALUE_LENGTH} characters`

function isValue(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_VALUE_LENGTH
}

function invalid(name: string, expected: string): Error {
  return new errors.InvalidRequest(`${name} must be ${expected}`)
}

/** Returns the scopes that the claims belong to which the request asks for one by one. */
export function scopesOfClaims(params: Params): string[] {
  const scopes = claimsOf(params).map((claim) => SCOPE_OF.get(claim))
  return [...new Set(scopes.filter((scope) => scope !== undefined))]
}

/** Returns those of `claims` whose scope is in `scopes`. */
export function claimsWithin(scopes: readonly string[], claims: Iterable<string>): string[] {
  return [...new Set(claims)].filter((claim) => scopes.includes(SCOPE_OF.get(claim) ?? ''))
}

/** Returns the claims that the request asks for one by one. */
export function claimsOf(params: Params): string[] {
  const requests = requestsOf(params)
  return TARGETS.flatMap((target) => Object.keys(requests[target] ?? {}))
}

/**
 * Returns the classes that the request asks for. An essential `acr` claim (§5.5.1.1) counts alone and must be met; a
 * voluntary one joins `acr_values`, which is a preference (§3.1.2.1).
 */
export function askedAcr(params: Params): { readonly values: readonly string[]; readonly essential: boolean } {
  const acr = requestsOf(params).id_token?.['acr']
  const ofClaim = valuesOf(acr)
  if (acr?.essential === true && ofClaim.length > 0) return { values: ofClaim, essential: true }
  const { acr_values: preferred } = params
  const ofParameter = typeof preferred === 'string' ? preferred.split(' ').filter(Boolean) : []
  return { values: [...new Set([...ofParameter, ...ofClaim])], essential: false }
}

/**
 * Returns the class to answer with. §5.5.1.1: one of those that an essential claim asks for, if the session's is at
 * least as strong; otherwise the session's own.
 */
export function answeredAcr(acr: string | undefined, params: Params): string | undefined {
  const { values, essential } = askedAcr(params)
  if (!essential) return acr
  return ACR_VALUES.findLast((value) => values.includes(value) && reaches(acr, [value])) ?? acr
}

/** Whether one of ours is among the classes. */
export function isOurs(values: readonly string[]): boolean {
  return values.some((value) => ACR_VALUES.includes(value as Acr))
}

/**
 * Returns what the request says of the subject: for each part that names some, the subjects of which it must be one. A
 * hint was verified when the request arrived (§3.1.2.1 `id_token_hint`, §5.5.1 `sub`).
 */
export function expectedSubjects(params: Params): readonly (readonly string[])[] {
  const { id_token_hint: hint } = params
  const requests = requestsOf(params)
  const named = TARGETS.map((target) => valuesOf(requests[target]?.['sub']))
  const hinted = typeof hint === 'string' ? [[String(decodeJwt(hint).sub)]] : []
  return [...hinted, ...named.filter((subjects) => subjects.length > 0)]
}

function valuesOf(request: ClaimRequest | null | undefined): readonly string[] {
  return request?.values ?? (request?.value === undefined ? [] : [request.value])
}

/** Returns the requests for claims. The parameter was checked when the request arrived. */
function requestsOf({ claims }: Params): Partial<Record<Target, ClaimRequests>> {
  return typeof claims === 'string' ? (JSON.parse(claims) as Partial<Record<Target, ClaimRequests>>) : {}
}
