/** Computes the CSP form-action sources that a form's redirects may lead to: the app that the person returns to. */

/** Other characters, such as `;` and `,`, would end the directive or the policy. */
const HOST = /^[a-z0-9._-]+$/
const LOOPBACK = new Set(['localhost', '127.0.0.1'])
const SCHEME = /^[a-z][a-z0-9+.-]*:$/
/** Schemes that run or show the content of the URL itself. Registration refuses them, and no policy allows them. */
const NEVER = new Set(['javascript:', 'data:', 'blob:', 'about:', 'file:', 'filesystem:', 'vbscript:'])

/**
 * Returns the sources for the given URLs, and none for other values. An app on loopback often redirects to another of
 * its ports (a front end beside its server), so all loopback ports are allowed for it.
 */
export function formTargets(...addresses: readonly unknown[]): string[] {
  return addresses.flatMap((address) => {
    if (typeof address !== 'string' || !URL.canParse(address)) return []
    const url = new URL(address)
    if (NEVER.has(url.protocol)) return []
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return SCHEME.test(url.protocol) ? [url.protocol] : []
    if (LOOPBACK.has(url.hostname)) return [...LOOPBACK].map((name) => `${url.protocol}//${name}:*`)
    // CSP Level 3 §2.3.1 cannot express IPv6 addresses, so only the scheme is named
    if (url.hostname.startsWith('[')) return [url.protocol]
    return HOST.test(url.hostname) ? [url.origin] : []
  })
}
