/** Validates the input to create or update a resource, and reports all faults at once. */
import { isDisplayText } from '#shared/display-text.ts'
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { checkDetailsTypes } from './authorization-details.ts'
import { ResourceInvalid } from './errors.ts'
import { identifierFault } from './identifier.ts'
import type { Resource, ResourceInput, Scope } from './resource.ts'

export type ResourceFields = Omit<Resource, 'version' | 'createdAt' | 'updatedAt'>

/** RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/
const OPENID_SCOPES = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access'])
const FORMATS = ['jwt', 'opaque'] as const
const ALGORITHMS = ['ES256', 'RS256'] as const
const TYPES = ['at+jwt', 'JWT'] as const
const MAX_SCOPES = 500
const MAX_NAME = 200
const MAX_DESCRIPTION = 500
const MIN_TTL_SECONDS = 30
const MAX_TTL_SECONDS = 86_400

/** Returns the members of a resource from `input`, with those of `before` as defaults. Throws ResourceInvalid. */
export function validateResource(input: Partial<ResourceInput>, before?: ResourceFields): ResourceFields {
  const faults: Fault[] = []
  const identifier = checkIdentifier(input.identifier, before, faults)
  const name = input.name === undefined ? (before?.name ?? identifier) : checkName(input.name, faults)
  const scopes = input.scopes === undefined ? (before?.scopes ?? []) : checkScopes(input.scopes, faults)
  const fields: ResourceFields = {
    identifier,
    name,
    scopes,
    openScopes: openScopes(input.openScopes, before?.openScopes ?? [], scopes, faults),
    accessTokenFormat: choice(input.accessTokenFormat, before?.accessTokenFormat, FORMATS, (given, expected) =>
      faults.push({ field: 'access_token_format', given, expected }),
    ),
    accessTokenTyp: choice(input.accessTokenTyp, before?.accessTokenTyp, TYPES, (given, expected) =>
      faults.push({ field: 'access_token_typ', given, expected }),
    ),
    signingAlg: choice(input.signingAlg, before?.signingAlg, ALGORITHMS, (given, expected) =>
      faults.push({ field: 'signing_alg', given, expected }),
    ),
    detailsTypes:
      input.detailsTypes === undefined ? (before?.detailsTypes ?? []) : checkDetailsTypes(input.detailsTypes, faults),
    accessTokenTtlSeconds:
      input.accessTokenTtlSeconds === undefined
        ? before?.accessTokenTtlSeconds
        : checkTtl(input.accessTokenTtlSeconds, faults),
  }
  if (faults.length > 0) throw new ResourceInvalid(faults)
  return fields
}

function checkIdentifier(given: unknown, before: ResourceFields | undefined, faults: Fault[]): string {
  if (before) {
    if (given !== undefined && given !== before.identifier) {
      const expected = `${before.identifier}: an identifier never changes; register another resource`
      faults.push({ field: 'resource', given: shown(given), expected })
    }
    return before.identifier
  }
  const expected = identifierFault(given)
  if (expected !== undefined) faults.push({ field: 'resource', given: shown(given), expected })
  return String(given)
}

function checkName(given: unknown, faults: Fault[]): string {
  if (isStringUpTo(given, MAX_NAME)) return given
  faults.push({ field: 'name', given: shown(given), expected: expectedString(MAX_NAME) })
  return ''
}

function checkScopes(given: unknown, faults: Fault[]): Scope[] {
  if (!Array.isArray(given) || given.length > MAX_SCOPES) {
    const expected = `an array of at most ${MAX_SCOPES} scopes, each a name or {name, description}`
    faults.push({ field: 'scopes', given: shown(given), expected })
    return []
  }
  const names = new Set<string>()
  return given.map((entry: unknown, at) => {
    const scope = checkScope(entry, `scopes[${at}]`, faults)
    if (names.has(scope.name)) {
      faults.push({ field: `scopes[${at}]`, given: shown(scope.name), expected: 'a name that the list has once' })
    }
    names.add(scope.name)
    return scope
  })
}

/** Returns the open scopes. Those of `before` that the resource no longer has are left out. */
function openScopes(given: unknown, before: readonly string[], scopes: readonly Scope[], faults: Fault[]): string[] {
  const names = new Set(scopes.map(({ name }) => name))
  if (given === undefined) return before.filter((name) => names.has(name))
  if (!Array.isArray(given) || !given.every((name) => typeof name === 'string' && names.has(name))) {
    const expected = `an array of scopes that the resource has: ${[...names].slice(0, 50).join(', ') || 'it has none'}`
    faults.push({ field: 'open_scopes', given: shown(given), expected })
    return []
  }
  return [...new Set(given.map(String))]
}

function checkScope(entry: unknown, field: string, faults: Fault[]): Scope {
  const { name, description } = (typeof entry === 'object' && entry !== null ? entry : { name: entry }) as {
    name?: unknown
    description?: unknown
  }
  if (typeof name !== 'string' || !SCOPE_TOKEN.test(name)) {
    const expected = 'a scope name of 1 to 128 visible ASCII characters without space, " and \\ (RFC 6749 §3.3)'
    faults.push({ field, given: shown(name), expected })
  } else if (OPENID_SCOPES.has(name)) {
    faults.push({ field, given: name, expected: `another name; ${name} is a scope of OpenID Connect` })
  }
  if (description !== undefined && description !== null && !isStringUpTo(description, MAX_DESCRIPTION)) {
    faults.push({ field: `${field}.description`, given: shown(description), expected: expectedString(MAX_DESCRIPTION) })
  }
  return { name: String(name), description: typeof description === 'string' ? description : undefined }
}

function choice<const Value extends string>(
  given: unknown,
  before: Value | undefined,
  [first, ...others]: readonly [Value, ...Value[]],
  refuse: (given: unknown, expected: string) => void,
): Value {
  if (given === undefined) return before ?? first
  const values = [first, ...others]
  const found = values.find((value) => value === given)
  if (found === undefined) refuse(shown(given), values.join(' or '))
  return found ?? first
}

function checkTtl(given: unknown, faults: Fault[]): number | undefined {
  if (given === null) return undefined
  if (Number.isInteger(given) && Number(given) >= MIN_TTL_SECONDS && Number(given) <= MAX_TTL_SECONDS) {
    return Number(given)
  }
  const expected = `a whole number of seconds from ${MIN_TTL_SECONDS} to ${MAX_TTL_SECONDS} (24 hours), or null`
  faults.push({ field: 'access_token_ttl_seconds', given: shown(given), expected })
  return undefined
}

function isStringUpTo(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length <= max && isDisplayText(value)
}

function expectedString(max: number): string {
  return `a text of 1 to ${max} characters without control characters`
}
