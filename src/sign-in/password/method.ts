/** The row of passwords in the registry of sign-in methods. The sign-in page asks for one by its own form. */
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
