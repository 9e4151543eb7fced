/** Declares recovery codes as a sign-in method. */
import type { SignInMethod } from '../sign-in-method.ts'
import { RECOVERY_CODE_CREDENTIALS } from './recovery-code-store.ts'

export const RECOVERY_CODE = {
  name: 'recovery_code',
  kinds: ['possession'],
  phishingResistant: false,
  amr: { always: ['otp'] },
  first: false,
  second: 'instead',
  // shared with authenticator apps, so that a person with the password does not get a second set of guesses
  attemptCounter: 'second',
  credentials: RECOVERY_CODE_CREDENTIALS,
} as const satisfies SignInMethod
