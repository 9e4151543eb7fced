/**
 * What: every address in 127.0.0.0/8 counts as a loopback host in a native app's redirect URI.
 * Why: RFC 8252 §7.3, and our registration accepts them all. The engine knows only three names.
 * Engine: 9.13.3
 * Test: test/flows/scopes-and-resources.test.ts
 */
import { isLoopbackHost } from '#clients/redirect-uris.ts'
import { setLoopbackHosts } from '../internals.ts'

/** Affects all instances of the engine, because the engine keeps the names in a constant. */
export function widenLoopbackHosts(): void {
  setLoopbackHosts(isLoopbackHost)
}
