/** Refuses text in authorization request parameters that cannot be stored. */
import { errors } from 'oidc-provider'

/** Parameters that hold JSON, whose escapes can hide what their text does not show. */
const JSON_VALUED = new Set(['authorization_details', 'claims'])

/**
 * Throws InvalidRequest, which names the parameter, for U+0000 and for half of a surrogate pair. Neither is in the
 * character sets of RFC 6749 Appendix A or RFC 7493 §2.1, and PostgreSQL's `jsonb` holds neither.
 */
export function assertText(params: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(params)) {
    const values = JSON_VALUED.has(name) ? [value, parsed(value)] : [value]
    if (values.every(isText)) continue
    throw new errors.InvalidRequest(`${name} contains U+0000 or half of a surrogate pair, which no text may contain`)
  }
}

/** Whether all strings of a JSON value, names of members included, are text. */
function isText(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every((entry) => entry.every(isText))
}

/** Returns undefined for what is not JSON; the engine refuses that. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return undefined
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
