/** Entity tags: an object's version as `ETag`, and the version that a change was made against (RFC 9110 §13.1.1). */
import type { Fault } from '#shared/app-error.ts'

export function entityTag(version: number): string {
  return `"${version}"`
}

/**
 * The version that `If-Match` names; undefined when it is absent or `*`, which both mean whatever version there is.
 * RFC 9110 §13.1.1: a weak tag never matches, so it is a fault here.
 */
export function expectedVersion(header: string | undefined, faults: Fault[]): number | undefined {
  const value = header?.trim()
  if (!value || value === '*') return undefined
  const version = /^"(\d{1,9})"$/.exec(value)?.[1]
  if (version !== undefined) return Number(version)
  faults.push({ field: 'If-Match', given: value, expected: 'the ETag of one answer, such as "3" with its quotes' })
  return undefined
}
