/** The only deep import of oidc-provider: what its configuration does not let one change while it runs. */
import type Provider from 'oidc-provider'
// @ts-expect-error the engine ships no types for its inner modules
import instance from 'oidc-provider/lib/helpers/weak_cache.js'

import { isLoopbackHost } from '#clients/redirect-uris.ts'
// @ts-expect-error the engine ships no types for its inner modules
import { LOOPBACKS } from 'oidc-provider/lib/consts/client_attributes.js'

// the engine knows three names of this machine; RFC 8252 §7.3 and our registration take all of 127.0.0.0/8
Object.assign(LOOPBACKS as Set<string>, { has: isLoopbackHost })

interface EngineState {
  configuration: { clockTolerance: number }
}

/**
 * Lets the clock tolerance (seconds) depend on the request: the engine reads it from its configuration each time.
 */
export function setClockTolerance(provider: Provider, tolerance: () => number): void {
  const state: EngineState = instance(provider)
  Object.defineProperty(state.configuration, 'clockTolerance', { configurable: true, get: tolerance })
}
