/** Checks read-only members. A change may repeat their values, so that a document that was read can be sent back. */
import { isDeepStrictEqual } from 'node:util'
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'

type Document = Readonly<Record<string, unknown>>

/** Returns a fault for each of the `names` whose value in `document` differs from `current`. */
export function readOnlyFaults(document: Document, current: Document, names: readonly string[]): Fault[] {
  return names
    .filter((name) => document[name] !== undefined && !isDeepStrictEqual(document[name], current[name]))
    .map((name) => ({
      field: name,
      given: shown(document[name]),
      expected: `${JSON.stringify(current[name]) ?? 'nothing'}: this member cannot be changed here`,
    }))
}

/** Returns the document without the named members. */
export function without(document: Document, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)))
}
