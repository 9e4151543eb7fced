/** What is left to prove, from what was proven, what is asked for and what the account has. Pure. */
import { acrOf, meets } from './assurance.ts'

/**
 * `identity`: who it is. `more`: a second factor. `passkey`: a passkey of the known person. `unmet`: what is asked
 * for cannot be shown by this account.
 */
export type NextProof = 'identity' | 'more' | 'passkey' | 'done' | 'unmet'

export interface Enrolled {
  /** An authenticator app. */
  readonly more: boolean
  readonly passkey: boolean
}

/** `asked` are the values of `acr_values`. Whoever has set up a second factor is asked for it each time. */
export function nextProof(state: {
  readonly amr: readonly string[]
  readonly asked: readonly string[]
  readonly enrolled: Enrolled
}): NextProof {
  const { amr, asked, enrolled } = state
  if (amr.length === 0) return 'identity'
  const acr = acrOf(amr)
  const isStrong = acr === 'urn:signet:acr:passkey'
  if (!isStrong && enrolled.more && !amr.includes('otp')) return 'more'
  if (meets(acr, asked)) return 'done'
  return !isStrong && enrolled.passkey ? 'passkey' : 'unmet'
}
