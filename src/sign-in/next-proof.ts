/** What is left to prove, from what was proven, what is asked for and what the account has. Pure. */
import { acrOf, meets } from './assurance.ts'
import type { Enrolment } from './enrolment-store.ts'

/**
 * `identity`: who it is. `more`: a second factor. `password`: another password, in the place of one that somebody
 * else chose. `passkey`: a passkey of the known person. `unmet`: what is asked for cannot be shown by this account.
 */
export type NextProof = 'identity' | 'more' | 'password' | 'passkey' | 'done' | 'unmet'

/** `asked` are the values of `acr_values`. Whoever has set up a second factor is asked for it each time. */
export function nextProof(state: {
  readonly amr: readonly string[]
  readonly asked: readonly string[]
  readonly enrolled: Enrolment
}): NextProof {
  const { amr, asked, enrolled } = state
  if (amr.length === 0) return 'identity'
  const acr = acrOf(amr)
  const isStrong = acr === 'urn:signet:acr:passkey'
  if (!isStrong && enrolled.more && !amr.includes('otp')) return 'more'
  // ASVS 6.4.1: a first password that somebody else knows opens nothing but the way to another one
  if (enrolled.mustChange && amr.includes('pwd')) return 'password'
  if (meets(acr, asked)) return 'done'
  return !isStrong && enrolled.passkey ? 'passkey' : 'unmet'
}
