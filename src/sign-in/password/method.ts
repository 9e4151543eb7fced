/** Declares passwords as a sign-in method. The sign-in page has its own form for them. */
import type { SignInMethod } from '../sign-in-method.ts'
import { PASSWORD_CREDENTIALS, PASSWORDS_TO_REPLACE } from './password-store.ts'

export const PASSWORD = {
  name: 'password',
  kinds: ['knowledge'],
  phishingResistant: false,
  amr: { always: ['pwd'] },
  first: true,
  attemptCounter: 'password',
  credentials: PASSWORD_CREDENTIALS,
  mustReplace: PASSWORDS_TO_REPLACE,
} as const satisfies SignInMethod
