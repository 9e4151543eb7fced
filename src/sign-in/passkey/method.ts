/** Declares passkeys as a sign-in method. */
import type { SignInMethod } from '../sign-in-method.ts'
import { passkeySignIn } from './parts.ts'
import { PASSKEY_CREDENTIALS } from './passkey-store.ts'
import type { Passkeys } from './passkey.ts'

/** The path of the step that accepts a passkey. `/options` below it returns new options for a page left open. */
export const PASSKEY_STEP = 'passkey'

export const PASSKEY = {
  name: 'passkey',
  // the person has the key, and unlocks it with a fingerprint, a face or a PIN: two kinds at once
  kinds: ['possession', 'inherence'],
  phishingResistant: true,
  // RFC 8176 §2: hardware-secured key, or software-secured key in a synced keychain
  amr: { always: ['user', 'mfa'], sometimes: ['hwk', 'swk'] },
  first: true,
  second: 'asked',
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
