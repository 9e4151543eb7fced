/** Checks a code after the first proof, within the attempt limit of its method and the lock of its factor. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import { type AttemptLimitDeps, withAttemptLimit } from './attempt-limit.ts'
import { SESSION } from './attempts.ts'
import { createFactorLock, type FactorLockDeps, type LockableMethod } from './factor-lock.ts'
import type { KnownDevices } from './known-devices.ts'
import type { MethodTraits, SecondFactorCode, Verifier } from './sign-in-method.ts'

export interface SecondFactorDeps extends FactorLockDeps, Pick<AttemptLimitDeps, 'attempts'> {
  readonly accounts: Pick<Accounts, 'read'>
  readonly devices: Pick<KnownDevices, 'idFor'>
}

/** Returns why the code of an enabled account is refused, or undefined if it is right. A right code is used up. */
type JudgeCode = (account: Account, code: string, by: AuditContext) => Promise<string | undefined>

export function createVerifySecondFactor(
  deps: SecondFactorDeps,
  method: MethodTraits & { readonly name: LockableMethod },
  judge: JudgeCode,
): Verifier<SecondFactorCode>['verify'] {
  const { accounts, devices } = deps
  const { name, amr } = method
  const lock = createFactorLock(deps)

  async function refusalOf(account: Account | undefined, code: string, by: AuditContext) {
    if (!account) return 'the account is gone'
    return account.status === 'enabled' ? judge(account, code, by) : 'the account is disabled'
  }

  return async ({ accountId, code, clientId, device, isSignedIn }, by) => {
    const account = await accounts.read(accountId)
    const knownBrowser = isSignedIn ? SESSION : devices.idFor(device, accountId)
    const facts = { method, who: accountId, knownBrowser, account, clientId, by }
    const lockable = { account, method: name, clientId, by }
    const proven = await withAttemptLimit(deps, facts, async () => ({
      account,
      refusal: await lock.guard(lockable, () => refusalOf(account, code, by)),
    }))
    return proven && { account: proven, method: name, amr: amr.always }
  }
}
