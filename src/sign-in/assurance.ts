/** How sure a sign-in makes us: the authentication methods used (`amr`, RFC 8176) and the class they reach (`acr`). */

/** One proof: something the person knows. */
export const PASSWORD_ASSURANCE = { amr: ['pwd'], acr: 'urn:signet:acr:password' } as const satisfies {
  readonly amr: readonly string[]
  readonly acr: string
}
