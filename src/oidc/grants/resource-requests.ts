/** Resolves the resource and scopes of a request, and refuses those not allowed (RFC 8707, RFC 6749 §3.3). */
import { errors } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import { OPENID_SCOPES } from '#clients/profiles.ts'
import type { Resource, Resources } from '#resources/resource.ts'

const KNOWN = new Set<string>(OPENID_SCOPES)

export interface ResourceRequests {
  /** Finds a registered or built-in resource by any spelling of its identifier. */
  find(identifier: string): Promise<Resource | undefined>
  /** Returns what the client may have of the resource. Throws InvalidTarget if it is unknown or not allowed. */
  allowed(identifier: string, client: Client): Promise<{ resource: Resource; scopes: readonly string[] }>
  /**
   * Returns the resource that is implied when the request names none, or undefined. `hasDetails`: a request without scope
   * asks for authorization details, and for no scope.
   */
  implied(client: Client, requestedScope: string | undefined, hasDetails: boolean): string | undefined
}

export function createResourceRequests(resources: Resources, builtIn: readonly Resource[]): ResourceRequests {
  async function find(identifier: string): Promise<Resource | undefined> {
    return builtIn.find((resource) => resource.identifier === identifier) ?? (await resources.find(identifier))
  }
  return {
    find,
    async allowed(identifier, client) {
      const resource = await find(identifier)
      if (!resource) throw invalidTarget(`the resource ${identifier} is not registered here`)
      const allowed = allowedScopes(client, resource)
      if (!allowed) throw invalidTarget(`this client may not ask for tokens for ${resource.identifier}`)
      const existing = new Set(resource.scopes.map(({ name }) => name))
      return { resource, scopes: allowed.filter((scope) => existing.has(scope)) }
    },
    implied(client, requestedScope, hasDetails) {
      const { defaultResource } = client
      if (requestedScope === undefined && hasDetails) return undefined
      if (defaultResource === undefined || requestedScope === undefined) return defaultResource
      const own = client.allowances.find(({ resource }) => resource === defaultResource)?.scopes ?? []
      return requestedScope.split(' ').some((scope) => own.includes(scope)) ? defaultResource : undefined
    },
  }
}

/**
 * Returns the scopes that an administrator allowed to the client, and, to a client that nobody registered, those that the
 * resource opens to everyone. Undefined when there are none of either.
 */
function allowedScopes(
  { origin, allowances }: Pick<Client, 'origin' | 'allowances'>,
  resource: Resource,
): readonly string[] | undefined {
  const allowance = allowances.find((entry) => entry.resource === resource.identifier)
  const open = origin === 'administrator' ? [] : resource.openScopes
  if (!allowance && open.length === 0) return undefined
  return [...new Set([...(allowance?.scopes ?? []), ...open])]
}

/**
 * Returns the resource when a machine's request names none: the client's default, or the only one it has. Throws
 * InvalidTarget when it has none or several.
 */
export function machineResource(client: Client): string {
  const { defaultResource, allowances } = client
  if (defaultResource !== undefined) return defaultResource
  if (allowances.length === 1 && allowances[0]) return allowances[0].resource
  throw allowances.length === 0
    ? invalidTarget('no resource is registered for this client')
    : invalidTarget(`name one resource: this client has ${allowances.map(({ resource }) => resource).join(', ')}`)
}

function nothingAsked(identified: readonly string[]): string {
  return identified.length > 0
    ? `no scope was asked, and for ${identified.join(', ')} none is registered for this client: ask for others, or register some with --allow`
    : 'no scope was asked, and without a resource none is meant: send scope or resource, or register the resource to mean with --default-resource'
}

/**
 * Returns the scopes of a request: all that the client may have when it names none (RFC 6749 §3.3), otherwise the named
 * ones, checked. `identified`: the requested resources. `granted`: the scopes of the requested resources that the client may have. `existing`: all scopes that
 * these resources define. Throws InvalidScope.
 */
export function requestedScopes(
  requested: string | undefined,
  resources: {
    readonly identified: readonly string[]
    readonly granted: readonly string[]
    readonly existing: ReadonlySet<string>
  },
): string[] {
  if (requested === undefined || requested === '') {
    if (resources.granted.length === 0) {
      throw new errors.InvalidScope(nothingAsked(resources.identified), '')
    }
    return [...new Set(resources.granted)]
  }
  const scopes = [...new Set(requested.split(' '))]
  const openid = scopes.includes('openid')
  return scopes.filter((scope) => {
    if (KNOWN.has(scope) || resources.granted.includes(scope)) return true
    if (resources.existing.has(scope)) throw refusedScope(scope, 'this client may not ask for it')
    // OpenID Connect Core §3.1.2.1: unknown scope values should be ignored
    if (openid) return false
    throw refusedScope(scope, 'the requested resource does not have it')
  })
}

/** RFC 6749 §5.2: the scope is invalid, unknown, malformed, or exceeds what may be granted. */
export function refusedScope(scope: string, why: string): Error {
  return new errors.InvalidScope(`the scope ${scope} is refused: ${why}`, scope)
}

/** RFC 8707 §2: the requested resource is invalid, missing, unknown, or malformed. */
export function invalidTarget(description: string): Error {
  return new errors.InvalidTarget(description)
}
