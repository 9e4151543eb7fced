/** The grant types and features that clients can be registered for. */
import type { Offers } from '#clients/profiles.ts'
import type { Grant } from './grants/grant.ts'

/** The optional features of the engine that clients may use. */
export const FEATURE_OFFERS = { dpop: true, mtls: false } as const

export function offersOf(grants: readonly Grant[]): Offers {
  return { ...FEATURE_OFFERS, grants: grants.map(({ grantType, profiles }) => ({ grantType, profiles })) }
}
