/** The algorithms that the engine signs, verifies and encrypts with. */
import type { Configuration } from 'oidc-provider'
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS } from '#clients/encryption.ts'
import { ASSERTION_ALGS, RESPONSE_ALGS } from '#clients/profiles.ts'

type EnabledAlgs = NonNullable<Configuration['enabledJWA']>

export function enabledAlgs(): EnabledAlgs {
  const encryption = [...ENCRYPTION_ALGS]
  const contents = [...ENCRYPTION_ENCS]
  return {
    clientAuthSigningAlgValues: [...ASSERTION_ALGS],
    idTokenSigningAlgValues: [...RESPONSE_ALGS],
    idTokenEncryptionAlgValues: encryption,
    idTokenEncryptionEncValues: contents,
    userinfoSigningAlgValues: [...RESPONSE_ALGS],
    userinfoEncryptionAlgValues: encryption,
    userinfoEncryptionEncValues: contents,
    introspectionEncryptionAlgValues: encryption,
    introspectionEncryptionEncValues: contents,
    authorizationEncryptionAlgValues: encryption,
    authorizationEncryptionEncValues: contents,
    // decision 0033: a request is kept secret by being pushed
    requestObjectEncryptionAlgValues: [],
    requestObjectEncryptionEncValues: [],
    requestObjectSigningAlgValues: [...ASSERTION_ALGS],
    authorizationSigningAlgValues: [...RESPONSE_ALGS],
    introspectionSigningAlgValues: [...RESPONSE_ALGS],
    // RFC 9449 §5.1; PS256 for clients that have RSA keys in hardware (FAPI 2.0 Security Profile §5.4.1)
    dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA', 'PS256'],
  }
}
