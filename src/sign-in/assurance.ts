/** The classes of assurance (`acr`) that a sign-in can reach, and which of them is enough. */

/** The classes, from the weakest; a stronger one meets what a weaker one was asked for. */
export const ACR_VALUES = [
  /** One proof: something the person knows, or what another provider vouches for. */
  'urn:signet:acr:password',
  /** Two proofs of different kinds. */
  'urn:signet:acr:mfa',
  /** A passkey that verified its user: two kinds in one, and nothing that a false page could take. */
  'urn:signet:acr:passkey',
] as const

export type Acr = (typeof ACR_VALUES)[number]

/**
 * Whether `acr` is at least as strong as one of the classes that were asked for (`acr_values`). Values that are not
 * ours ask nothing of us: the parameter is a wish (OpenID Connect Core §3.1.2.1).
 */
export function meets(acr: string | undefined, asked: readonly string[]): boolean {
  const ours = ACR_VALUES.filter((value) => asked.includes(value))
  const weakest = ours[0]
  if (weakest === undefined) return true
  return ACR_VALUES.indexOf(acr as Acr) >= ACR_VALUES.indexOf(weakest)
}
