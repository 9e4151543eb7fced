/** The rows of our own sign-in methods, for tests that need no running method. */
import { UPSTREAM } from '#federation/method.ts'
import { createLastCredentialGuard } from '#sign-in/last-credential.ts'
import { PASSKEY } from '#sign-in/passkey/method.ts'
import { PASSWORD } from '#sign-in/password/method.ts'
import { RECOVERY_CODE } from '#sign-in/recovery-code/method.ts'
import { createMethodRegistry } from '#sign-in/registry.ts'
import type { MethodTraits } from '#sign-in/sign-in-method.ts'
import { TOTP } from '#sign-in/totp/method.ts'

export const ROWS: readonly MethodTraits[] = [PASSWORD, PASSKEY, UPSTREAM, TOTP, RECOVERY_CODE]
export const registry = createMethodRegistry(ROWS)

/** What federation asks the registry. */
export const forFederation = {
  isReserved: (amr: string) => registry.reserved.has(amr),
  assertNotLastCredential: createLastCredentialGuard(ROWS),
}
