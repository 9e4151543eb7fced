/** Request state: the client assertion (RFC 7523). */
import type { PublicJwk } from '#clients/client.ts'

export interface PresentedAssertion {
  /**
   * `judged`: our rules have checked it. `verified`: the engine has verified it. `reserved`: its identifier cannot be
   * used again. Any later reservation is for a DPoP proof.
   */
  stage: 'judged' | 'verified' | 'reserved'
  /** Thrown when the engine begins to verify; undefined when no rule is broken. */
  refusal: Error | undefined
  /** Whether this request has fetched the keys from the `jwks_uri`; it may do so once. */
  hasFetchedKeys: boolean
  /** The key that was tried last. After verification, the key that verified the assertion. */
  key: PublicJwk | undefined
}
