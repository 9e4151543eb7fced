/** Verifies JWT access tokens that this server issued (RFC 9068 §4), apart from whether they were revoked. */
import { createLocalJWKSet, errors as joseErrors, type JWTPayload, jwtVerify } from 'jose'
import type { KeySet } from '#signing-keys/signing-key.ts'
import { orUnavailable } from '../adapter/errors.ts'
import type { ResourceRequests } from '../grants/resource-requests.ts'

/** Seconds. */
const CLOCK_TOLERANCE = 15

export interface AccessTokenDeps {
  readonly issuer: string
  readonly keys: KeySet
  readonly requests: Pick<ResourceRequests, 'find'>
}

/** Returns the claims of a token; undefined when it is not one of ours, or has expired. */
export type AccessTokenVerifier = (token: string) => Promise<JWTPayload | undefined>

export function createAccessTokenVerifier({ issuer, keys, requests }: AccessTokenDeps): AccessTokenVerifier {
  const keySet = createLocalJWKSet({ keys: keys.keys.map(({ publicJwk }) => publicJwk) })

  /**
   * RFC 8725 §3.11: the type is `at+jwt`, or `JWT` for a resource, also for one that was registered so when the token was
   * issued and is not any more. ID tokens have none.
   */
  async function hasItsTyp(typ: string | undefined, { aud }: JWTPayload): Promise<boolean> {
    if (typ === 'at+jwt') return true
    if (typ !== 'JWT' || typeof aud !== 'string') return false
    return (await orUnavailable(() => requests.find(aud))) !== undefined
  }

  return async (token) => {
    try {
      const options = { issuer, clockTolerance: CLOCK_TOLERANCE }
      const { payload, protectedHeader } = await jwtVerify(token, keySet, options)
      return (await hasItsTyp(protectedHeader.typ, payload)) ? payload : undefined
    } catch (error) {
      if (error instanceof joseErrors.JOSEError || error instanceof TypeError) return undefined
      throw error
    }
  }
}
