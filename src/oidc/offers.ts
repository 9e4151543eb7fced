/** What clients may be registered for here. */
import type { Offers } from '#clients/profiles.ts'
import type { Grant } from './grants/grant.ts'

export function offersOf(grants: readonly Grant[]): Offers {
  return { dpop: true, mtls: false, grants: grants.map(({ grantType, profiles }) => ({ grantType, profiles })) }
}
