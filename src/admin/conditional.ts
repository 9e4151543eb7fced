/** Writes an object's version as `ETag`, and reads the versions in `If-Match` (RFC 9110 §13.1.1). */
import type { Fault } from '#shared/app-error.ts'

export function entityTag(version: number): string {
  return `"${version}"`
}

/** A list of entity tags (RFC 9110 §8.8.3); a list may have empty elements (§5.6.1.2). */
const TAG = String.raw`(?:W/)?"[\x21\x23-\x7E\x80-\xFF]*"`
const LIST = new RegExp(String.raw`^(?:[\t ]*,)*[\t ]*${TAG}[\t ]*(?:,[\t ]*(?:${TAG}[\t ]*)?)*$`)
const STRONG_VERSION = /(?<!W\/)"(\d{1,9})"/g

/**
 * Returns the versions in `If-Match`, of which one must be the current one; undefined for an absent header or `*`, which
 * both accept any version. Weak tags, and tags that this server never issued, match no version.
 */
export function expectedVersion(header: string | undefined, faults: Fault[]): readonly number[] | undefined {
  const value = header?.trim()
  if (!value || value === '*') return undefined
  if (LIST.test(value)) return [...value.matchAll(STRONG_VERSION)].map(([, version]) => Number(version))
  faults.push({ field: 'If-Match', given: value, expected: 'the ETag of one answer, such as "3" with its quotes' })
  return undefined
}
