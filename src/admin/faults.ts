/** Turns what a schema finds wrong into the faults that the API tells: field, what was given, what would be right. */
import { z } from 'zod'
import { AppError, type Fault } from '#shared/app-error.ts'
import { nearestName } from '#shared/nearest-name.ts'
import { shown } from '#shared/shown.ts'

type Issue = z.core.$ZodIssue

/** The faults of `value` by `schema`, none when it fits. Unknown members are told one by one. */
export function schemaFaults(schema: z.ZodType, error: z.ZodError, value: unknown): Fault[] {
  const members = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return error.issues.flatMap((issue) => issueFaults(issue, value, members))
}

/** The faults that a room's own check throws; what else it throws goes on. */
export async function roomFaults(check: () => unknown): Promise<readonly Fault[]> {
  try {
    await check()
    return []
  } catch (error) {
    if (error instanceof AppError && error.status === 400 && error.faults.length > 0) return error.faults
    throw error
  }
}

/** The room says more about a field, and what lies in it, than the schema. */
export function mergeFaults(bySchema: readonly Fault[], byRoom: readonly Fault[]): Fault[] {
  const told = byRoom.map(({ field }) => field)
  const within = (field: string) =>
    told.some((known) => field === known || (/^[.[]/.test(field.slice(known.length)) && field.startsWith(known)))
  return [...bySchema.filter(({ field }) => !within(field)), ...byRoom]
}

function issueFaults(issue: Issue, value: unknown, members: readonly string[]): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key]
      const near = issue.path.length === 0 ? nearestName(key, members) : undefined
      return fault(
        path,
        value,
        near === undefined ? 'no member of this name' : `no member of this name; ${near} exists`,
      )
    })
  }
  return [fault(issue.path, value, expectation(issue))]
}

function fault(path: readonly PropertyKey[], value: unknown, expected: string): Fault {
  // What is secret by its name is taken out where the problem is written.
  return { field: fieldName(path), given: shown(valueAt(value, path)), expected }
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'too_small':
      return bound('at least', issue.origin, Number(issue.minimum))
    case 'too_big':
      return bound('at most', issue.origin, Number(issue.maximum))
    default:
      return issue.message
  }
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a JSON object',
  record: 'a JSON object',
  string: 'a string',
}

function bound(words: string, origin: string, limit: number): string {
  if (origin === 'string') return `a string of ${words} ${limit} character${limit === 1 ? '' : 's'}`
  if (origin === 'array') return `${words} ${limit} ${limit === 1 ? 'entry' : 'entries'}`
  return `a number of ${words} ${limit}`
}

/** `scopes[0].name`, as the caller would write it; the whole document is `body`. */
function fieldName(path: readonly PropertyKey[]): string {
  const parts = path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`))
  return parts.join('') || 'body'
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined
    current = (current as Record<PropertyKey, unknown>)[part]
  }
  return current
}
