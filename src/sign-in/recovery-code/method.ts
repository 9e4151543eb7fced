/** The row of recovery codes in the registry of sign-in methods. */
import type { SignInMethod } from '../sign-in-method.ts'
import { RECOVERY_CODE_CREDENTIALS } from './recovery-code-store.ts'

export const RECOVERY_CODE = {
  name: 'recovery_code',
  kinds: ['possession'],
  phishingResistant: false,
  amr: { always: ['otp'] },
  first: false,
  second: 'instead',
  // together with the codes of apps: who has the password gets no second run of guesses
  attemptCounter: 'second',
  credentials: RECOVERY_CODE_CREDENTIALS,
} as const satisfies SignInMethod
