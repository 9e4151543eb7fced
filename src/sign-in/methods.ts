/** Builds the sign-in methods and their registry: one line for each method. */
import type { Accounts } from '#accounts/account.ts'
import type { Audit } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Clock } from '#shared/clock.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createAttempts } from './attempts.ts'
import { createEnrolments } from './enrolment-store.ts'
import { createHasher, type Hasher, type HasherOptions } from './hashing.ts'
import { createFactorLock, type FactorLockDeps } from './factor-lock.ts'
import { createKnownDevices } from './known-devices.ts'
import { createLostFactorStore } from './lost-factor/lost-factor-store.ts'
import { createLastCredentialGuard } from './last-credential.ts'
import { createNotifyNewBrowser } from './new-browser.ts'
import { createPasskeyMethod } from './passkey/method.ts'
import { createPasskeys } from './passkey/passkeys.ts'
import { PASSWORD } from './password/method.ts'
import type { PasswordPolicyDeps } from './password/password-policy.ts'
import { createPasswords } from './password/passwords.ts'
import { createSignInProgress } from './progress-store.ts'
import { createRecoveryCodes } from './recovery-code/recovery-codes.ts'
import { createMethodRegistry } from './registry.ts'
import { RECOVERY_CODE } from './recovery-code/method.ts'
import type { SignInMethod } from './sign-in-method.ts'
import { TOTP } from './totp/method.ts'
import { createTotp } from './totp/totp.ts'
import { createUserCodes } from './user-code/user-codes.ts'

export interface MethodsDeps {
  readonly db: Database
  readonly accounts: Accounts
  readonly audit: Audit
  readonly keyring: Keyring
  readonly mail: FactorLockDeps['mail']
  readonly clock: Clock
  readonly issuer: string
  /** The name that authenticators show for this server. */
  readonly brand: () => string
  /** Replaced in tests. */
  readonly createHasher?: ((options: HasherOptions) => Hasher) | undefined
  /** How many passwords may wait to be checked. */
  readonly maxWaiting?: () => number
  /** Sign-in methods of other rooms. */
  readonly further?: readonly SignInMethod[]
  /** See PasswordPolicyDeps. */
  readonly breachRange?: PasswordPolicyDeps['breachRange']
}

/** Creates the methods, the registry, and the stores for enrolments and for the progress of a sign-in. */
export function createMethods({ further = [], createHasher: makeHasher = createHasher, ...deps }: MethodsDeps) {
  const attempts = createAttempts(deps)
  const devices = createKnownDevices(deps)
  const passkeys = createPasskeys(deps)
  const progress = createSignInProgress(deps.db)
  const registry = createMethodRegistry<SignInMethod>([
    PASSWORD,
    createPasskeyMethod(passkeys),
    ...further,
    TOTP,
    RECOVERY_CODE,
  ])
  const enrolments = createEnrolments(deps.db, registry.methods)
  return {
    methods: registry,
    passwords: createPasswords({ ...deps, attempts, devices, hasher: makeHasher(deps) }),
    passkeys,
    totp: createTotp({ ...deps, attempts, devices }),
    recoveryCodes: createRecoveryCodes({ ...deps, attempts, devices }),
    // one at a time, so that the people who sign in do not wait for what clients send
    userCodes: createUserCodes({ ...deps, attempts, hasher: makeHasher({ ...deps, concurrency: 1 }) }),
    progress,
    enrolments,
    /** Returns whether the account has a credential to begin a sign-in with. */
    async canSignIn(accountId: string): Promise<boolean> {
      return (await enrolments.of(accountId)).methods.some((name) => registry.named(name).first)
    },
    assertNotLastCredential: createLastCredentialGuard(registry.methods),
    attempts,
    devices,
    unlockFactors: createFactorLock(deps).unlock,
    notifyNewBrowser: createNotifyNewBrowser(deps),
    /** Deletes expired rows. Returns their number by table, or undefined if there were none. */
    async removeExpired(): Promise<Record<string, number> | undefined> {
      const removed: Record<string, number> = {
        sign_in_progress: await progress.removeExpired(),
        ...(await attempts.removeExpired()),
        lost_factor_requests: await createLostFactorStore(deps.db).removeExpired(),
      }
      for (const method of registry.methods) Object.assign(removed, await method.removeExpired?.())
      return Object.values(removed).some((rows) => rows > 0) ? removed : undefined
    },
  }
}
