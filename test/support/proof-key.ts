/** Keys that tokens are bound to, and DPoP proofs signed with them (RFC 9449 §4.2). */
import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose'

export interface ProofKey {
  /** The thumbprint in a bound token. */
  readonly jkt: string
  /** Returns the DPoP header of a request to `url`; `claims` and `header` replace members, undefined removes one. */
  proof(
    request: { readonly url: string; readonly method?: string; readonly accessToken?: string },
    bent?: { readonly claims?: Record<string, unknown>; readonly header?: Record<string, unknown> },
  ): Promise<{ DPoP: string }>
}

/** Creates a P-256 key. */
export async function proofKey(): Promise<ProofKey> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(pair.publicKey)
  return {
    jkt: await calculateJwkThumbprint(jwk),
    async proof({ url, method = 'POST', accessToken }, { claims, header } = {}) {
      const ath = accessToken === undefined ? {} : { ath: createHash('sha256').update(accessToken).digest('base64url') }
      const payload = {
        htm: method,
        htu: url,
        jti: randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        ...ath,
        ...claims,
      }
      const protectedHeader = { alg: 'ES256', typ: 'dpop+jwt', jwk, ...header } as JWTHeaderParameters
      return { DPoP: await new SignJWT(payload).setProtectedHeader(protectedHeader).sign(pair.privateKey) }
    },
  }
}
