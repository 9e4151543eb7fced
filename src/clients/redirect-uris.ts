/**
 * Checks redirect URIs at registration. They are compared as strings (RFC 9700 §4.1.3), so a URI that two parsers could
 * read differently is refused here.
 */
import type { Fault } from '#shared/app-error.ts'
import { SCRIPT_SCHEMES } from '#shared/private-scheme.ts'
import { shown } from '#shared/shown.ts'

const MAX_LENGTH = 2000
const MAX_URIS = 100
const PARTS = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(\?.*)?$/
/** The characters of a URI (RFC 3986 §2). `#` and `*` have error messages of their own. */
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?[\]@!$&'()+,;=%]+$/
const LOOPBACK_HOST = /^(?:localhost|\[::1\]|127(?:\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3})$/

interface Parts {
  readonly scheme: string
  readonly authority: string | undefined
  readonly path: string
}

/** Whether plain http may be used with this host (RFC 8252 §7.3, §8.3). */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_HOST.test(host)
}

/** Returns the URI without its port if it is http on loopback, where a native app may use any (RFC 8252 §7.3). */
export function withoutLoopbackPort(uri: string): string {
  const url = URL.parse(uri)
  if (url?.protocol !== 'http:' || !isLoopbackHost(url.hostname)) return uri
  url.port = ''
  return url.href
}

/** The private-use schemes without a dot that a native app may have. */
export interface DotlessSchemes {
  readonly allowed: readonly string[]
  /** How another one is allowed: the end of an error message. */
  readonly howToAllow: (scheme: string) => string
}

const NO_DOTLESS: DotlessSchemes = { allowed: [], howToAllow: () => '' }

/**
 * Returns what a redirect URI must be, or undefined when `given` is valid. `native` also allows private-use schemes.
 */
export function redirectUriFault(given: unknown, native: boolean, dotless = NO_DOTLESS): string | undefined {
  if (typeof given !== 'string' || given === '') return 'an absolute URI such as https://app.example.com/callback'
  if (given.length > MAX_LENGTH) return `a URI of at most ${MAX_LENGTH} characters`
  const characters = characterFault(given)
  if (characters !== undefined) return characters
  const match = PARTS.exec(given)
  if (!match) return 'an absolute URI with a scheme, such as https://app.example.com/callback'
  const parts = { scheme: (match[1] as string).toLowerCase(), authority: match[2], path: match[3] as string }
  if (SCRIPT_SCHEMES.has(parts.scheme)) return `another scheme than ${parts.scheme}: (https, or http on loopback)`
  return (
    authorityFault(parts.authority) ?? pathFault(parts.path) ?? schemeFault(parts, given, native ? dotless : undefined)
  )
}

function characterFault(given: string): string | undefined {
  // RFC 6749 §3.1.2: "The endpoint URI MUST NOT include a fragment component."
  if (given.includes('#')) return 'a URI without a fragment (the part from # on)'
  if (given.includes('*')) return 'one exact URI for each place; wildcards are not matched'
  if (given.includes('\\')) return 'a URI with / instead of \\'
  if (!URI_CHARACTERS.test(given)) {
    return 'only the ASCII characters of a URI, others percent-encoded and an international host in its xn-- form'
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(given)) return 'two hexadecimal digits after each %'
  if (/%(?:[01][0-9A-F]|7F)/i.test(given)) return 'a URI without encoded control characters'
  return undefined
}

function authorityFault(authority: string | undefined): string | undefined {
  if (authority?.includes('@')) return 'a URI without user name and password'
  if (authority?.includes('%')) return 'a host without percent-encoding'
  // both are separators in a Content Security Policy, which lists the hosts that a form may lead to
  if (authority !== undefined && /[;,]/.test(authority)) return 'a host without ; and ,'
  return undefined
}

/** Refuses dot segments and their encodings: browsers resolve them, string comparison does not. */
function pathFault(path: string): string | undefined {
  if (/%(?:2E|2F|5C|25)/i.test(path)) return 'a path without encoded dots, slashes, backslashes or percent signs'
  const dots = path.split('/').some((segment) => /^\.{1,2}(?:;.*)?$/.test(segment))
  return dots ? 'a path without . and .. segments' : undefined
}

function schemeFault(parts: Parts, given: string, dotless: DotlessSchemes | undefined): string | undefined {
  if (parts.scheme === 'https' || parts.scheme === 'http') return webFault(parts, given, dotless !== undefined)
  if (!dotless) return 'an https URI, or http on localhost, 127.0.0.0/8 or [::1]'
  if (!URL.canParse(given)) return 'a URI that a browser can open, such as com.example.app:/callback'
  // RFC 8252 §7.1: a private-use scheme is a domain name in reverse, so it has a dot
  if (!parts.scheme.includes('.') && !dotless.allowed.includes(parts.scheme)) {
    return `a private-use scheme that is a reversed domain name: com.example.app:/callback${dotless.howToAllow(parts.scheme)}`
  }
  if (parts.authority === undefined && !parts.path.startsWith('/'))
    return 'a / after the scheme: com.example.app:/callback'
  return undefined
}

function webFault({ scheme, authority }: Parts, given: string, native: boolean): string | undefined {
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority ?? '') ?? []
  const url = URL.parse(given)
  // a host that the URL standard would rewrite (0x7f.1, 127.1, a trailing dot in a number …) is ambiguous
  if (!url || host === '' || url.hostname !== host.toLowerCase()) {
    return 'an absolute URI with a plain host, such as https://app.example.com/callback'
  }
  if (port !== undefined && !/^[1-9]\d*$/.test(port)) return 'a port from 1 to 65535'
  const loopback = isLoopbackHost(url.hostname)
  if (scheme === 'http' && !loopback) return 'https; plain http only on localhost, 127.0.0.0/8 or [::1]'
  // RFC 8252 §7.2: the platform ties a claimed https URI to the app, which it cannot do for loopback
  if (scheme === 'https' && native && loopback)
    return 'http on loopback for a native app, or an https URI that it claims'
  return undefined
}

/** Returns the URIs of a member without duplicates. Pushes what is wrong to `faults`. */
export function checkRedirectUris(
  field: string,
  given: unknown,
  { native, dotless }: { readonly native: boolean; readonly dotless: DotlessSchemes },
  faults: Fault[],
): string[] {
  if (!Array.isArray(given) || given.length > MAX_URIS) {
    faults.push({ field, given: shown(given), expected: `an array of at most ${MAX_URIS} URIs` })
    return []
  }
  given.forEach((uri: unknown, at) => {
    const expected = redirectUriFault(uri, native, dotless)
    if (expected !== undefined) faults.push({ field: `${field}[${at}]`, given: shown(uri), expected })
  })
  return [...new Set(given.map(String))]
}
