/** A row of the route table. The router, the validation and the OpenAPI document come from it. */
import type { z } from 'zod'
import type { AuditContext } from '#audit/audit.ts'
import type { Fault } from '#shared/app-error.ts'
import type { ExpectedVersion } from '#shared/version-mismatch.ts'
import { expectedVersion } from './conditional.ts'
import { inputInvalid } from './errors.ts'
import type { Caller } from './caller.ts'
import { mergeFaults, schemaFaults } from './faults.ts'

/** What a handler receives. `params` are decoded; `body` and `query` match their schemas. */
export interface Call<Body, Query> {
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  /** The version in `If-Match`; undefined accepts any version. */
  readonly expectedVersion: ExpectedVersion
  readonly by: AuditContext
  readonly caller: Caller
}

export interface Reply {
  readonly body?: unknown
  /** The version that becomes the `ETag`. */
  readonly version?: number
  /** The new object's path below the API, percent-encoded. */
  readonly location?: string
}

export interface RouteDefinition<Body, Query> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The path below `/admin/v1`, with parameters in braces: `/clients/{client_id}`. */
  readonly path: string
  readonly operationId: string
  readonly tag: string
  readonly summary: string
  readonly scope: string
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /**
   * Applies the room's own rules to the document as sent, so that its faults are reported together with the schema's.
   */
  readonly check?: (
    document: Readonly<Record<string, unknown>>,
    params: Readonly<Record<string, string>>,
  ) => readonly Fault[] | Promise<readonly Fault[]>
  /** Whether it accepts `If-Match`. */
  readonly conditional?: boolean
  readonly answer: {
    readonly status: 200 | 201 | 204
    readonly description: string
    readonly schema?: z.ZodType
    /** Whether the answer has an `ETag`. */
    readonly versioned?: boolean
  }
  /** Error statuses in addition to those of every route. */
  readonly refusals?: readonly (403 | 404 | 409 | 429)[]
  handle(call: Call<Body, Query>): Promise<Reply>
}

/** A request before any check of its content. */
interface RawCall {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, unknown>>
  /** Undefined when there was no body. */
  readonly body: unknown
  readonly ifMatch: string | undefined
  readonly by: AuditContext
  readonly caller: Caller
}

export interface Route extends Omit<RouteDefinition<unknown, unknown>, 'handle'> {
  /** Checks and handles a request. Throws AdminError `invalid_request` with all faults, or an error of the room. */
  run(raw: RawCall): Promise<Reply>
}

/** Creates a row. The types of its handler follow from its schemas. */
export function route<Body = undefined, Query = Record<string, never>>(
  definition: RouteDefinition<Body, Query>,
): Route {
  async function run(raw: RawCall): Promise<Reply> {
    const faults: Fault[] = []
    const query = parse(definition.query, raw.query, faults)
    const body = parse(definition.body, raw.body, faults)
    const version = definition.conditional ? expectedVersion(raw.ifMatch, faults) : undefined
    const byRoom = (await definition.check?.(asRecord(raw.body), raw.params)) ?? []
    const all = mergeFaults(faults, byRoom)
    if (all.length > 0) throw inputInvalid(all)
    return definition.handle({
      params: raw.params,
      query: query as Query,
      body: body as Body,
      expectedVersion: version,
      by: raw.by,
      caller: raw.caller,
    })
  }
  const { handle: _handle, ...row } = definition
  return { ...row, run }
}

function parse(schema: z.ZodType | undefined, value: unknown, faults: Fault[]): unknown {
  if (!schema) {
    for (const [field, given] of Object.entries(asRecord(value))) {
      faults.push({ field, given, expected: 'nothing: this request takes no such member' })
    }
    return undefined
  }
  const result = schema.safeParse(value)
  if (result.success) {
    // A schema that allows further members drops this one silently.
    if (!Object.hasOwn(asRecord(value), '__proto__')) return result.data
    faults.push({ field: '__proto__', given: '(not shown)', expected: 'no member of this name' })
    return undefined
  }
  faults.push(...schemaFaults(schema, result.error, value))
  return undefined
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
