/** The row of authenticator apps in the registry of sign-in methods. */
import type { SignInMethod } from '../sign-in-method.ts'
import { TOTP_CREDENTIALS } from './totp-store.ts'

export const TOTP = {
  name: 'totp',
  kinds: ['possession'],
  phishingResistant: false,
  amr: { always: ['otp'] },
  first: false,
  second: 'always',
  // together with recovery codes: who has the password gets no second run of guesses
  attemptCounter: 'second',
  credentials: TOTP_CREDENTIALS,
} as const satisfies SignInMethod
