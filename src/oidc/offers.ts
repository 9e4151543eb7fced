/** The grant types and features that clients can be registered for. */
import type { Config } from '#config/config.ts'
import type { Offers } from '#clients/profiles.ts'
import type { Grant } from './grants/grant.ts'

export function offersOf(grants: readonly Grant[], mtls: Config['mtls']): Offers {
  return {
    dpop: true,
    mtls: mtls !== undefined,
    authorities: mtls?.authorities === true,
    grants: grants.map(({ grantType, profiles }) => ({ grantType, profiles })),
  }
}
