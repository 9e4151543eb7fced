/** What a provider says about a person once the code of its answer is redeemed. */
export type UpstreamClaims = Readonly<Record<string, unknown>> & { readonly sub: string }

export interface Redeemed {
  /** The claims of the ID token, or of the provider's API where it sends no ID token. */
  readonly claims: UpstreamClaims
  /**
   * Returns the claims with those that must be fetched. Throws when the provider does not answer. Only a person who is
   * new here needs them.
   */
  profile(): Promise<UpstreamClaims>
}
