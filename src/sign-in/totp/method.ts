/** Declares authenticator apps as a sign-in method. */
import type { SignInMethod } from '../sign-in-method.ts'
import { TOTP_CREDENTIALS } from './totp-store.ts'

export const TOTP = {
  name: 'totp',
  kinds: ['possession'],
  phishingResistant: false,
  amr: { always: ['otp'] },
  first: false,
  second: 'always',
  // shared with recovery codes, so that a person with the password does not get a second set of guesses
  attemptCounter: 'second',
  credentials: TOTP_CREDENTIALS,
} as const satisfies SignInMethod
