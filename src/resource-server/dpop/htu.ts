/** Compares the URL in a DPoP proof with the URL of the request. */

const UNRESERVED = /[A-Za-z0-9\-._~]/

/**
 * Returns a URL without query and fragment, normalized by syntax and scheme (RFC 9449 §4.3, RFC 3986 §6.2.2 and
 * §6.2.3): case, default port, dot segments, empty path and percent-encoding. Undefined if it is not an http(s) URL.
 */
export function normalizedUrl(value: string): string | undefined {
  const url = URL.parse(value)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return undefined
  url.hash = ''
  url.search = ''
  return url.href.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCodePoint(Number.parseInt(escape.slice(1), 16))
    return UNRESERVED.test(character) ? character : escape.toUpperCase()
  })
}

/**
 * Returns the normalized URL of a request for `path` below `baseUrl`. The host that the request names is not used,
 * because its sender chooses it.
 */
export function requestUrl(baseUrl: string, path: string): string | undefined {
  return normalizedUrl(`${baseUrl.replace(/\/$/, '')}${path}`)
}
