/** Resource identifiers: which ones are valid, and which spellings are equivalent. */
const MAX_LENGTH = 512
/** RFC 3986 §2: the characters of a URI, without `#`. */
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/
const PARTS = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(\?.*)?$/
const SCRIPT_SCHEMES = new Set(['javascript', 'data', 'vbscript', 'blob', 'file', 'about'])
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Returns what the identifier should be, or undefined when `given` is valid (RFC 8707 §2, RFC 3986). */
export function identifierFault(given: unknown): string | undefined {
  const expected = 'an absolute URI without fragment, such as https://api.example.com'
  if (typeof given !== 'string' || given === '') return expected
  if (given.length > MAX_LENGTH) return `an absolute URI of at most ${MAX_LENGTH} characters`
  if (given.includes('#')) return 'an absolute URI without the fragment (the part from # on)'
  const parts = PARTS.exec(given)
  if (!parts || !URI_CHARACTERS.test(given) || /%(?![0-9A-Fa-f]{2})/.test(given)) return expected
  return partsFault((parts[1] as string).toLowerCase(), parts[2], parts[3] as string, given)
}

function partsFault(scheme: string, authority: string | undefined, path: string, given: string): string | undefined {
  if (SCRIPT_SCHEMES.has(scheme)) return `an absolute URI of another scheme than ${scheme}:`
  if (authority?.includes('@')) return 'a URI without user name and password'
  if (scheme !== 'http' && scheme !== 'https') {
    if (!authority && !path) return 'an absolute URI with something after its scheme'
    return URL.canParse(given) ? undefined : 'an absolute URI that can be parsed, such as urn:example:api'
  }
  if (!authority || !URL.canParse(given)) return 'an absolute URI with a host, such as https://api.example.com'
  const host = authority.replace(/:\d*$/, '').toLowerCase()
  if (scheme === 'http' && !LOOPBACK_HOST.test(host)) {
    return 'an https URI; plain http only for localhost, 127.0.0.0/8 or [::1]'
  }
  return undefined
}

/** The ports that a URL without one means (RFC 3986 §6.2.3). */
const DEFAULT_PORT: Readonly<Record<string, RegExp>> = { 'https:': /:(?:443)?$/, 'http:': /:(?:80)?$/ }

/**
 * Returns the canonical spelling for comparisons: scheme and host in lower case, without the default port and without
 * one trailing slash.
 */
export function canonicalIdentifier(identifier: string): string {
  const parts = PARTS.exec(identifier)
  if (!parts) return identifier
  const [, scheme = '', authority, path = '', query = ''] = parts
  const trimmed = query === '' && path.endsWith('/') ? path.slice(0, -1) : path
  const lower = `${scheme.toLowerCase()}:`
  const host = authority?.toLowerCase().replace(DEFAULT_PORT[lower] ?? /$^/, '')
  return `${lower}${host === undefined ? '' : `//${host}`}${trimmed}${query}`
}
