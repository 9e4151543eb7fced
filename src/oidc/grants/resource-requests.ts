/** Which resource and which scopes a request means, and which it may not have (RFC 8707, RFC 6749 §3.3). */
import { errors } from 'oidc-provider'
import type { Client } from '#clients/client.ts'
import { OPENID_SCOPES } from '#clients/profiles.ts'
import type { Resource, Resources } from '#resources/resource.ts'

const KNOWN = new Set<string>(OPENID_SCOPES)

export interface ResourceRequests {
  /** A registered or built-in resource by any spelling of its identifier. */
  find(identifier: string): Promise<Resource | undefined>
  /** What the client may have of the resource. Throws InvalidTarget for one that is unknown or not allowed. */
  allowed(identifier: string, client: Client): Promise<{ resource: Resource; scopes: readonly string[] }>
  /** The resource that is meant when none is named, or undefined. */
  implied(client: Client, requestedScope: string | undefined): string | undefined
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
      const allowance = client.allowances.find((entry) => entry.resource === resource.identifier)
      if (!allowance) throw invalidTarget(`this client may not ask for tokens for ${resource.identifier}`)
      const existing = new Set(resource.scopes.map(({ name }) => name))
      return { resource, scopes: allowance.scopes.filter((scope) => existing.has(scope)) }
    },
    implied(client, requestedScope) {
      const { defaultResource } = client
      if (defaultResource === undefined || requestedScope === undefined) return defaultResource
      const own = client.allowances.find(({ resource }) => resource === defaultResource)?.scopes ?? []
      return requestedScope.split(' ').some((scope) => own.includes(scope)) ? defaultResource : undefined
    },
  }
}

/** The resource of a machine's request that names none: its default, or the only one it has. */
export function machineResource(client: Client): string {
  const { defaultResource, allowances } = client
  if (defaultResource !== undefined) return defaultResource
  if (allowances.length === 1 && allowances[0]) return allowances[0].resource
  throw allowances.length === 0
    ? invalidTarget('no resource is registered for this client')
    : invalidTarget(`name one resource: this client has ${allowances.map(({ resource }) => resource).join(', ')}`)
}

/**
 * The scopes a request means: the registered ones when it names none (RFC 6749 §3.3), else those it names, checked.
 * `granted` are the scopes of the requested resources that the client may have, `existing` all that these define.
 */
export function requestedScopes(
  requested: string | undefined,
  resources: { granted: readonly string[]; existing: ReadonlySet<string> },
): string[] {
  if (requested === undefined || requested === '') {
    if (resources.granted.length === 0) {
      throw new errors.InvalidScope('no scope was asked and none is registered for this client', '')
    }
    return [...new Set(resources.granted)]
  }
  const scopes = [...new Set(requested.split(' '))]
  const openid = scopes.includes('openid')
  return scopes.filter((scope) => {
    if (KNOWN.has(scope) || resources.granted.includes(scope)) return true
    if (resources.existing.has(scope)) throw refusedScope(scope, 'this client may not ask for it')
    // OpenID Connect Core §3.1.2.1: scope values that are not understood should be ignored
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
