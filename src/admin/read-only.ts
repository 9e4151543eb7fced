/** Members that a change may repeat as they are, so that what was read can be sent back, but may not change. */
import { isDeepStrictEqual } from 'node:util'
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'

type Document = Readonly<Record<string, unknown>>

/** A fault for each of the `names` that `document` gives another value than `current` has. */
export function readOnlyFaults(document: Document, current: Document, names: readonly string[]): Fault[] {
  return names
    .filter((name) => document[name] !== undefined && !isDeepStrictEqual(document[name], current[name]))
    .map((name) => ({
      field: name,
      given: shown(document[name]),
      expected: `${JSON.stringify(current[name]) ?? 'nothing'}: this member cannot be changed here`,
    }))
}

/** The document without the members named. */
export function without(document: Document, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)))
}
