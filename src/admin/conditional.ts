/** Writes an object's version as `ETag`, and reads the version in `If-Match` (RFC 9110 §13.1.1). */
import type { Fault } from '#shared/app-error.ts'

export function entityTag(version: number): string {
  return `"${version}"`
}

/**
 * Returns the version in `If-Match`; undefined for an absent header or `*`, which both accept any version. A weak tag
 * never matches (RFC 9110 §13.1.1), so it is a fault.
 */
export function expectedVersion(header: string | undefined, faults: Fault[]): number | undefined {
  const value = header?.trim()
  if (!value || value === '*') return undefined
  const version = /^"(\d{1,9})"$/.exec(value)?.[1]
  if (version !== undefined) return Number(version)
  faults.push({ field: 'If-Match', given: value, expected: 'the ETag of one answer, such as "3" with its quotes' })
  return undefined
}
