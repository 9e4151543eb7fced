/** Defines the assurance classes (`acr`) that a sign-in can reach, and compares them with what a client asks for. */

/** The classes, weakest first. A stronger class also satisfies a request for a weaker one. */
export const ACR_VALUES = [
  /** One proof: something the person knows, or a sign-in at an upstream provider. */
  'urn:signet:acr:password',
  /** Two proofs of different kinds. */
  'urn:signet:acr:mfa',
  /** A passkey with user verification: two kinds in one, and resistant to phishing. */
  'urn:signet:acr:passkey',
] as const

export type Acr = (typeof ACR_VALUES)[number]

/**
 * Returns whether `acr` is at least as strong as one of the requested classes (`acr_values`). Unknown values are
 * ignored, because the parameter is only a preference (OpenID Connect Core §3.1.2.1).
 */
export function meets(acr: string | undefined, asked: readonly string[]): boolean {
  const ours = ACR_VALUES.filter((value) => asked.includes(value))
  const weakest = ours[0]
  if (weakest === undefined) return true
  return ACR_VALUES.indexOf(acr as Acr) >= ACR_VALUES.indexOf(weakest)
}
