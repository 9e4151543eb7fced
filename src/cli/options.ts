/** Parses option values: repeated ones, `RESOURCE=SCOPE,…`, `NAME=VALUE`. */
import { InvalidArgumentError } from 'commander'

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

export interface GivenAllowance {
  readonly resource: string
  readonly scopes: readonly string[]
}

/** Parses `RESOURCE=SCOPE[,SCOPE…]` at the last `=`, because an identifier may contain one in its query. */
export function collectAllowance(value: string, before: GivenAllowance[] = []): GivenAllowance[] {
  const at = value.lastIndexOf('=')
  const resource = value.slice(0, Math.max(at, 0))
  const scopes = value
    .slice(at + 1)
    .split(',')
    .filter(Boolean)
  if (resource === '' || scopes.length === 0) {
    throw new InvalidArgumentError('RESOURCE=SCOPE[,SCOPE…] is expected, such as https://api.example.com=posts:read.')
  }
  const existing = before.find((allowance) => allowance.resource === resource)
  const others = before.filter((allowance) => allowance !== existing)
  return [...others, { resource, scopes: [...new Set([...(existing?.scopes ?? []), ...scopes])] }]
}

/** Parses `NAME=VALUE`; the value is JSON if it parses as JSON, otherwise plain text. */
export function collectMember(value: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const at = value.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('NAME=VALUE is expected, such as client_uri=https://app.example.com.')
  return { ...before, [value.slice(0, at)]: jsonOrText(value.slice(at + 1)) }
}

/** Returns the parsed JSON, or the text itself if it is not JSON. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
