/** The row of passkeys in the registry of sign-in methods. */
import type { SignInMethod } from '../sign-in-method.ts'
import { passkeySignIn } from './parts.ts'
import { PASSKEY_CREDENTIALS } from './passkey-store.ts'
import type { Passkeys } from './passkey.ts'

/** The step that takes a passkey; below it are options for a page that was open for a while. */
export const PASSKEY_STEP = 'passkey'

export const PASSKEY = {
  name: 'passkey',
  // the key is had, and its person verified by a fingerprint, a face or a PIN: two kinds at once
  kinds: ['possession', 'inherence'],
  phishingResistant: true,
  // RFC 8176 §2: the key is in one piece of hardware, or in a keychain of software
  amr: { always: ['user', 'mfa'], sometimes: ['hwk', 'swk'] },
  first: true,
  second: 'asked',
  attemptCounter: 'passkey',
  credentials: PASSKEY_CREDENTIALS,
} as const satisfies SignInMethod

export function createPasskeyMethod(passkeys: Pick<Passkeys, 'options' | 'removeExpired'>): SignInMethod {
  return {
    ...PASSKEY,
    offers({ language, csrfField, kind, binding, pathOf }) {
      const action = pathOf(PASSKEY_STEP)
      const options = passkeys.options(binding)
      return [passkeySignIn({ language, csrfField, kind, action, options, renewPath: `${action}/options` })]
    },
    removeExpired: async () => ({ challenges: await passkeys.removeExpired() }),
  }
}
