/** What clients may be registered for here. */
import type { Offers } from '#clients/profiles.ts'
import type { Grant } from './grants/grant.ts'

/** Features of the engine that are on here and that clients may depend on. */
export const FEATURE_OFFERS = { dpop: true, mtls: false } as const

export function offersOf(grants: readonly Grant[]): Offers {
  return { ...FEATURE_OFFERS, grants: grants.map(({ grantType, profiles }) => ({ grantType, profiles })) }
}
