/** The client assertion of a request (RFC 7523). */
import type { PublicJwk } from '#clients/client.ts'

export interface PresentedAssertion {
  /**
   * `judged` by our rules, then `verified` by the engine, then `reserved`: its identifier cannot be used again. What
   * the engine reserves after that is of a DPoP proof.
   */
  stage: 'judged' | 'verified' | 'reserved'
  /** Thrown when the engine begins to verify; undefined when no rule is broken. */
  refusal: Error | undefined
  /** Whether the keys behind a `jwks_uri` were fetched: at most once a request. */
  hasFetchedKeys: boolean
  /** The key that was tried last. Once the assertion is verified, the one that verified it. */
  key: PublicJwk | undefined
}
