/** The rules for single members of an upstream provider. Each returns what is expected, or undefined for a right value. */
import { asciiDomain } from '#accounts/email.ts'
import { mergeClaims } from '#accounts/claims.ts'
import type { Fault } from '#shared/app-error.ts'
import { isDisplayText } from '#shared/display-text.ts'

export interface UpstreamRules {
  /** Whether a host may use plain http. */
  readonly allowHttp: (host: string) => boolean
  /** Our own issuer: a server cannot be its own upstream. */
  readonly self: string
}

const ID = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/
const VISIBLE = /^[\x21-\x7E]+$/
/** The form of a scope name (RFC 6749 §3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/
const MOST = 100
export const OTHER_SERVER = 'the issuer of another server than this one'
/** Claims that have a column of their own. */
const OWN_COLUMNS = new Set(['email', 'email_verified', 'name'])

export function idFault(given: unknown): string | undefined {
  if (typeof given === 'string' && ID.test(given)) return undefined
  return '1 to 40 lower-case letters, digits and hyphens, such as google'
}

export function nameFault(given: unknown): string | undefined {
  const isRight = typeof given === 'string' && given.length <= 200 && isDisplayText(given)
  return isRight ? undefined : 'a text of 1 to 200 characters without control characters'
}

export function clientIdFault(given: unknown): string | undefined {
  return isVisible(given, 512) ? undefined : 'the client id that the provider gave us, in visible ASCII'
}

export function issuerFault(given: unknown, rules: UpstreamRules): string | undefined {
  const expected = "the provider's issuer: an https URL without query and fragment, as its discovery document has it"
  if (!isVisible(given, 512)) return expected
  const url = URL.parse(given)
  // OpenID Connect Discovery §2: https, without query or fragment
  if (!url || url.search !== '' || url.hash !== '' || url.username !== '' || given.includes('?')) return expected
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && rules.allowHttp(url.hostname))
  if (!isSafe) return expected
  return given === rules.self ? OTHER_SERVER : undefined
}

/** `isOpenid`: whether the provider speaks OpenID Connect, which needs the scope `openid`. */
export function scopesFault(given: unknown, isOpenid: boolean): string | undefined {
  const isRight =
    Array.isArray(given) &&
    given.length <= MOST &&
    (!isOpenid || given.includes('openid')) &&
    given.every((scope) => typeof scope === 'string' && SCOPE_TOKEN.test(scope))
  if (isRight) return undefined
  return isOpenid ? 'an array of scopes, openid among them' : 'an array of scopes'
}

export function claimsFault(given: unknown): string | undefined {
  const expected = 'an object that names for our claims, such as email, those of the provider'
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return expected
  const entries = Object.entries(given)
  if (entries.length > MOST || !entries.every(([, theirs]) => isVisible(theirs, 200))) return expected
  const faults: Fault[] = []
  const others = entries.filter(([ours]) => !OWN_COLUMNS.has(ours))
  for (const [ours] of others) mergeClaims({ [ours]: null }, {}, faults)
  return faults.length > 0 ? `${expected}; ours are standard claims, not ${faults[0]?.field ?? ''}` : undefined
}

export function domainsFault(given: unknown): string | undefined {
  const isRight =
    Array.isArray(given) &&
    given.length <= MOST &&
    given.every((domain) => typeof domain === 'string' && domain.length < 254 && DOMAIN.test(storedDomain(domain)))
  return isRight ? undefined : `an array of at most ${MOST} domains of e-mail addresses, such as example.com`
}

/** Returns a domain as addresses are stored with it: in ASCII and lower case. */
function storedDomain(domain: string): string {
  return (asciiDomain(domain) ?? '').toLowerCase()
}

/** Returns the domains as they are stored, without duplicates. Anything but a list was refused before, so it gives none. */
export function lowered(domains: unknown): string[] {
  return Array.isArray(domains) ? [...new Set(domains.map((domain) => storedDomain(String(domain))))] : []
}

export function isVisible(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length <= max && VISIBLE.test(value)
}
