/** Converts the issues of a schema to the faults that the API reports: field, given value, expected value. */
import { z } from 'zod'
import { AppError, type Fault } from '#shared/app-error.ts'
import { nearestName } from '#shared/nearest-name.ts'
import { shown } from '#shared/shown.ts'

type Issue = z.core.$ZodIssue

/** Returns the faults of `value` for a failed schema. Unknown members are reported one by one. */
export function schemaFaults(schema: z.ZodType, error: z.ZodError, value: unknown): Fault[] {
  const members = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return error.issues.flatMap((issue) => issueFaults(issue, value, members))
}

/** Runs a room's own check and returns its faults. Other errors are thrown on. */
export async function roomFaults(check: () => unknown): Promise<readonly Fault[]> {
  try {
    await check()
    return []
  } catch (error) {
    if (error instanceof AppError && error.status === 400 && error.faults.length > 0) return error.faults
    throw error
  }
}

/**
 * Merges the faults of the schema and the room. Where both report a field, or a member of it, the room's faults win,
 * since they say more.
 */
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
  // The writer of the problem document redacts secret values by their name.
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

/** Returns a path as the caller would write it, such as `scopes[0].name`, or `body` for the whole document. */
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
