/** Verifies JWT access tokens that this server issued (RFC 9068 §4), apart from whether they were revoked. */
import { createLocalJWKSet, errors as joseErrors, type JWTPayload, jwtVerify } from 'jose'
import type { KeySet } from '#signing-keys/signing-key.ts'

/** Seconds. */
const CLOCK_TOLERANCE = 15

export interface AccessTokenDeps {
  readonly issuer: string
  readonly keys: KeySet
}

/** Returns the claims of a token; undefined when it is not one of ours, or has expired. */
export type AccessTokenVerifier = (token: string) => Promise<JWTPayload | undefined>

export function createAccessTokenVerifier({ issuer, keys }: AccessTokenDeps): AccessTokenVerifier {
  const keySet = createLocalJWKSet({ keys: keys.keys.map(({ publicJwk }) => publicJwk) })
  return async (token) => {
    try {
      const options = { issuer, typ: 'at+jwt', clockTolerance: CLOCK_TOLERANCE }
      return (await jwtVerify(token, keySet, options)).payload
    } catch (error) {
      if (error instanceof joseErrors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }
}
