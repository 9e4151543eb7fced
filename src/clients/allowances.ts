/** Checks the allowances of a client: the scopes that it may ask for, by resource. */
import type { Fault } from '#shared/app-error.ts'
import { nearestName } from '#shared/nearest-name.ts'
import { shown } from '#shared/shown.ts'
import type { Allowance } from './client.ts'

/** The part of a resource that allowances need: its registered identifier and the names of its scopes. */
interface AllowableResource {
  readonly identifier: string
  readonly scopes: readonly { readonly name: string }[]
}

/** Finds the registered resource that an identifier refers to, in any equivalent spelling. */
export type FindResource = (identifier: string) => Promise<AllowableResource | undefined>

const FIELD = 'signet_allow'
const MAX_RESOURCES = 100
const MAX_SCOPES = 500
const IDENTIFIER = /^[\x21-\x7E]{1,512}$/
/** The form of a scope name (RFC 6749 §3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/

/** Returns the allowances with registered identifiers, one per resource. Pushes what is wrong to `faults`. */
export async function checkAllowances(given: unknown, find: FindResource, faults: Fault[]): Promise<Allowance[]> {
  if (!Array.isArray(given) || given.length > MAX_RESOURCES) {
    const expected = `an array of at most ${MAX_RESOURCES} {"resource": …, "scopes": […]}`
    faults.push({ field: FIELD, given: shown(given), expected })
    return []
  }
  const byResource = new Map<string, Set<string>>()
  for (const [at, entry] of given.entries()) {
    const checked = await checkAllowance(entry, `${FIELD}[${at}]`, find, faults)
    if (!checked) continue
    const scopes = byResource.get(checked.resource) ?? new Set()
    byResource.set(checked.resource, new Set([...scopes, ...checked.scopes]))
  }
  return [...byResource].map(([resource, scopes]) => ({ resource, scopes: [...scopes] }))
}

async function checkAllowance(
  entry: unknown,
  field: string,
  find: FindResource,
  faults: Fault[],
): Promise<Allowance | undefined> {
  const { resource, scopes } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>
  if (typeof resource !== 'string' || !Array.isArray(scopes) || scopes.length > MAX_SCOPES) {
    faults.push({ field, given: shown(entry), expected: '{"resource": an identifier, "scopes": an array of names}' })
    return undefined
  }
  const found = IDENTIFIER.test(resource) ? await find(resource) : undefined
  if (!found) {
    const expected = 'the identifier of a registered resource'
    faults.push({ field: `${field}.resource`, given: shown(resource), expected })
    return undefined
  }
  const names = found.scopes.map(({ name }) => name)
  for (const scope of scopes as unknown[]) {
    if (typeof scope === 'string' && SCOPE_TOKEN.test(scope) && names.includes(scope)) continue
    faults.push({
      field: `${field}.scopes`,
      given: shown(scope),
      expected: scopeExpected(scope, found.identifier, names),
    })
  }
  return { resource: found.identifier, scopes: scopes.map(String) }
}

function scopeExpected(given: unknown, identifier: string, names: readonly string[]): string {
  const near = nearestName(String(given), names)
  const some = names.length > 0 ? `one of ${names.slice(0, 50).join(', ')}` : 'nothing: it has no scopes'
  return `a scope of ${identifier}: ${some}${near === undefined ? '' : ` (did you mean ${near}?)`}`
}

/**
 * Returns the registered identifier of the default resource, which must be an allowed one. Pushes what is wrong to
 * `faults`.
 */
export async function checkDefaultResource(
  given: unknown,
  allowances: readonly Allowance[],
  find: FindResource,
  faults: Fault[],
): Promise<string | undefined> {
  if (given === null || given === undefined) return undefined
  const found = typeof given === 'string' && IDENTIFIER.test(given) ? await find(given) : undefined
  if (found && allowances.some(({ resource }) => resource === found.identifier)) return found.identifier
  const resources = allowances.map(({ resource }) => resource)
  const expected = resources.length > 0 ? `one of the allowed resources ${resources.join(', ')}` : 'an allowed resource'
  faults.push({ field: 'signet_default_resource', given: shown(given), expected })
  return undefined
}
