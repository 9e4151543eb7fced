/** The types of authorization details (RFC 9396) that a resource takes, each with its JSON Schema. */
import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import type { Fault } from '#shared/app-error.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { shown } from '#shared/shown.ts'
import { canonicalIdentifier } from './identifier.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

export interface DetailsType {
  /** The value of `type`. */
  readonly type: string
  /** What it allows, in words, for the consent page. */
  readonly name: string
  /** Describes one object of authorization details, with its `type` (JSON Schema 2020-12). */
  readonly schema: JsonSchema
}

/** One object of `authorization_details`. */
export type AuthorizationDetail = Readonly<Record<string, unknown>> & { readonly type: string }

const MAX_TYPES = 50
const MAX_NAME = 200
const MAX_SCHEMA_BYTES = 16_384
const TYPE = /^[\x21\x23-\x5B\x5D-\x7E]{1,200}$/
const EXPECTED_SCHEMA = 'a JSON Schema (2020-12) of one object of authorization details'

/** Returns the types. Pushes what is wrong to `faults`. */
export function checkDetailsTypes(given: unknown, faults: Fault[]): DetailsType[] {
  const field = 'authorization_details_types'
  if (!Array.isArray(given) || given.length > MAX_TYPES) {
    faults.push({ field, given: shown(given), expected: `an array of at most ${MAX_TYPES} {type, name, schema}` })
    return []
  }
  const seen = new Set<string>()
  return given.map((entry: unknown, at) => {
    const checked = checkType(entry, `${field}[${at}]`, faults)
    if (seen.has(checked.type)) {
      faults.push({ field: `${field}[${at}].type`, given: checked.type, expected: 'a type that the list has once' })
    }
    seen.add(checked.type)
    return checked
  })
}

function checkType(entry: unknown, field: string, faults: Fault[]): DetailsType {
  const { type, name, schema } = (isObject(entry) ? entry : {}) as Partial<Record<string, unknown>>
  if (typeof type !== 'string' || !TYPE.test(type)) {
    faults.push({ field: `${field}.type`, given: shown(type), expected: 'a text of 1 to 200 visible ASCII characters' })
  }
  if (typeof name !== 'string' || name.length > MAX_NAME || !isDisplayText(name)) {
    faults.push({
      field: `${field}.name`,
      given: shown(name),
      expected: `what it allows in words, 1 to ${MAX_NAME} characters`,
    })
  }
  const problem = schemaProblem(schema)
  if (problem !== undefined) faults.push({ field: `${field}.schema`, given: problem, expected: EXPECTED_SCHEMA })
  return { type: String(type), name: String(name), schema: isObject(schema) ? schema : {} }
}

function schemaProblem(schema: unknown): string | undefined {
  if (!isObject(schema)) return schema === undefined ? 'nothing' : 'no object'
  if (JSON.stringify(schema).length > MAX_SCHEMA_BYTES) return `more than ${MAX_SCHEMA_BYTES} characters`
  try {
    compile(schema)
    return undefined
  } catch (error) {
    // the validator says which keyword it does not know, or what is wrong with it
    return (error as Error).message.slice(0, 200)
  }
}

let ajv: Ajv2020 | undefined

/** The validator is loaded when a schema is first used: most servers have none. Throws when the schema is not valid. */
function compile(schema: JsonSchema): ValidateFunction {
  if (!ajv) {
    const loaded = createRequire(import.meta.url)('ajv/dist/2020.js') as { Ajv2020: new (options: object) => Ajv2020 }
    // strict: what it does not know is refused, also a `format`, which it would not check
    ajv = new loaded.Ajv2020({ strict: true, strictRequired: false, strictTypes: false, addUsedSchema: false })
  }
  const validate = ajv.compile(schema)
  // it would keep every schema object that it ever saw
  ajv.removeSchema(schema)
  return validate
}

/** By the text of the schema: its object is a new one whenever the resource is read again. */
const compiled = new Map<string, ValidateFunction>()
const MAX_COMPILED = 500

/** Returns a sentence about what the schema of a type does not allow, or undefined. */
export function detailFault({ schema }: DetailsType, detail: AuthorizationDetail): string | undefined {
  const text = JSON.stringify(schema)
  let validate = compiled.get(text)
  if (!validate) {
    validate = compile(schema)
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(text, validate)
  }
  if (validate(detail)) return undefined
  return faultOf((validate.errors as [ErrorObject])[0])
}

function faultOf({ instancePath, message = 'is not allowed', params }: ErrorObject): string {
  const at = instancePath.slice(1).replaceAll('/', '.')
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: unknown[] }
  const more = additionalProperty ?? allowedValues?.map(String).join(', ')
  return `${at === '' ? 'it' : at} ${message}${more === undefined ? '' : `: ${more.slice(0, 100)}`}`
}

interface WithTypes {
  readonly identifier: string
  readonly detailsTypes: readonly DetailsType[]
}

/**
 * Returns the type of a detail at a resource; undefined when the resource does not take it, or `locations` names others
 * (RFC 9396 §2.2).
 */
export function typeAt(resource: WithTypes, { type, locations }: AuthorizationDetail): DetailsType | undefined {
  const isElsewhere = Array.isArray(locations) && !locations.some((one) => isSame(one, resource.identifier))
  return isElsewhere ? undefined : resource.detailsTypes.find((known) => known.type === type)
}

function isSame(location: unknown, identifier: string): boolean {
  return typeof location === 'string' && canonicalIdentifier(location) === canonicalIdentifier(identifier)
}

/** RFC 9396 §2.2: the common members that list what is allowed, so that fewer values allow less. */
const LISTS = new Set(['locations', 'actions', 'datatypes', 'privileges'])

/** Returns whether `asked` allows nothing that `granted` does not: the same, or fewer values in a common list. */
export function isWithin(asked: AuthorizationDetail, granted: AuthorizationDetail): boolean {
  const names = new Set([...Object.keys(asked), ...Object.keys(granted)])
  return [...names].every((name) => {
    const [wanted, had] = [asked[name], granted[name]]
    if (LISTS.has(name) && Array.isArray(wanted) && Array.isArray(had) && wanted.length > 0) {
      return wanted.every((value) => had.includes(value))
    }
    return isDeepStrictEqual(wanted, had)
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
