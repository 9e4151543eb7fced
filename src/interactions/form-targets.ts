/** The CSP sources that a form may lead to by redirects: the app that the person goes back to. */

const LOOPBACK = new Set(['localhost', '127.0.0.1'])
const SCHEME = /^[a-z][a-z0-9+.-]*:$/
/** Schemes that run or show what stands in the address itself; no registration has them, and no policy names them. */
const NEVER = new Set(['javascript:', 'data:', 'blob:', 'about:', 'file:', 'filesystem:', 'vbscript:'])

/**
 * The sources for the addresses given; what is no address gives none. An app on loopback often sends the person on to
 * another port of its own (a front end beside its server), so every loopback port is named then.
 */
export function formTargets(...addresses: readonly unknown[]): string[] {
  return addresses.flatMap((address) => {
    if (typeof address !== 'string' || !URL.canParse(address)) return []
    const url = new URL(address)
    if (NEVER.has(url.protocol)) return []
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return SCHEME.test(url.protocol) ? [url.protocol] : []
    if (LOOPBACK.has(url.hostname)) return [...LOOPBACK].map((name) => `${url.protocol}//${name}:*`)
    // CSP Level 3 §2.3.1 has no form for an IPv6 address: only the scheme can be named.
    return [url.hostname.startsWith('[') ? url.protocol : url.origin]
  })
}
