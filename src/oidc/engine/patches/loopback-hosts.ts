/**
 * What: every address of 127.0.0.0/8 counts as a loopback host of a native app's redirect URI.
 * Why: RFC 8252 §7.3, and our registration takes them all; the engine knows three names.
 * Engine: 9.13.3
 * Test: test/flows/scopes-and-resources.test.ts
 */
import { isLoopbackHost } from '#clients/redirect-uris.ts'
import { setLoopbackHosts } from '../internals.ts'

/** For all instances of the engine: it keeps the names in a constant. */
export function widenLoopbackHosts(): void {
  setLoopbackHosts(isLoopbackHost)
}
