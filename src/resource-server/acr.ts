/** Compares the assurance classes (`acr`) of an access token with those that a request needs. */

/** The classes of the issuer, weakest first. A stronger class also satisfies a request for a weaker one. */
export const ACR_VALUES = [
  /** One proof: something the person knows, or a sign-in at an upstream provider. */
  'urn:signet:acr:password',
  /** Two proofs of different kinds. */
  'urn:signet:acr:mfa',
  /** A passkey with user verification: two kinds in one, and resistant to phishing. */
  'urn:signet:acr:passkey',
] as const

export type Acr = (typeof ACR_VALUES)[number]

/** Returns whether `acr` is at least as strong as the weakest of our classes in `asked`; false when it has none. */
export function reaches(acr: string | undefined, asked: readonly string[]): boolean {
  const weakest = ACR_VALUES.findIndex((value) => asked.includes(value))
  return weakest !== -1 && ACR_VALUES.indexOf(acr as Acr) >= weakest
}
