/** The algorithms that the engine signs and verifies with. */
import type { Configuration } from 'oidc-provider'
import { ASSERTION_ALGS } from '#clients/profiles.ts'

export function enabledAlgs(): NonNullable<Configuration['enabledJWA']> {
  return {
    clientAuthSigningAlgValues: [...ASSERTION_ALGS],
    idTokenSigningAlgValues: ['RS256', 'ES256', 'PS256'],
    // RFC 9449 §5.1; PS256 for clients that have RSA keys in hardware (FAPI 2.0 Security Profile §5.4.1)
    dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA', 'PS256'],
  }
}
