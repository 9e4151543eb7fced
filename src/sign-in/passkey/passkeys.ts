/** Implements passkeys: a proof that finds the account by itself and counts as two kinds of proof. */
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { Clock } from '#shared/clock.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createFactorLockStore } from '../factor-lock-store.ts'
import { noticeOf } from '../notice.ts'
import { proofEvent } from '../proof-events.ts'
import {
  COUNTER_WENT_BACK,
  readAssertion,
  type RelyingParty,
  ResponseChanged,
  ResponseRefused,
  verifyAssertion,
} from './ceremonies.ts'
import { createChallengeStore } from './challenge-store.ts'
import { CHALLENGE_SECONDS, type Challenges, createChallenges } from './challenges.ts'
import { createEnrolment } from './enrolment.ts'
import { PasskeyChanged } from './errors.ts'
import { PASSKEY } from './method.ts'
import { createPasskeyStore, type PasskeyStore, type StoredPasskey } from './passkey-store.ts'
import type { PasskeyAttempt, Passkeys } from './passkey.ts'

export interface PasskeysDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'endMailLinks'>
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  readonly keyring: Pick<Keyring, 'derive'>
  readonly mail: Pick<Mail, 'enqueue'>
  readonly clock: Clock
  /** Its host is the RP ID, and its origin the only one where passkeys work. */
  readonly issuer: string
  /** The name that authenticators show for this server. */
  readonly brand: () => string
}

/** Creates the passkey method. See Passkeys for its functions. */
export function createPasskeys(deps: PasskeysDeps): Passkeys {
  const { accounts, db } = deps
  const store = createPasskeyStore(db)
  const challengeStore = createChallengeStore(db)
  const challenges = createChallenges({ ...deps, store: challengeStore })
  const { hostname, origin } = new URL(deps.issuer)
  const rp: RelyingParty = { id: hostname, origin }

  return {
    isEnrolled: async (accountId) => (await store.list(accountId)).length > 0,

    options: (binding) => ({
      challenge: challenges.make({ purpose: 'sign-in', binding }),
      rpId: rp.id,
      // naming credentials would reveal which accounts have passkeys
      allowCredentials: [],
      userVerification: 'required',
      timeout: CHALLENGE_SECONDS * 1000,
    }),

    async verify(attempt, by) {
      const { passkey, hasChanged, ...verdict } = await judge({ accounts, store, challenges, rp }, attempt)
      // no attempt limit: a passkey cannot be guessed, and a limit would let a stranger lock out the owner
      await deps.audit.record(proofEvent({ method: PASSKEY.name, ...verdict, clientId: attempt.clientId, by }))
      const { account, refusal } = verdict
      if (hasChanged && account && passkey) {
        await noteChange(deps, account, passkey, by)
        throw new PasskeyChanged()
      }
      if (refusal !== undefined || !account || !passkey) return undefined
      await createFactorLockStore(db).clear(account.id)
      return { account, method: PASSKEY.name, amr: [passkey.synced ? 'swk' : 'hwk', ...PASSKEY.amr.always] }
    },

    ...createEnrolment({ ...deps, challenges, rp, method: PASSKEY.name }),
    list: (accountId) => store.list(accountId),
    removeExpired: () => challengeStore.removeExpired(),
  }
}

/** Marks the passkey as changed, and sends a notice the first time. */
async function noteChange(
  { db, mail, clock }: Pick<PasskeysDeps, 'db' | 'mail' | 'clock'>,
  account: Account,
  { id, name }: StoredPasskey,
  by: AuditContext,
): Promise<void> {
  await db.transaction(async (trx) => {
    if (!(await createPasskeyStore(trx).markChanged(id))) return
    await mail.enqueue(trx, noticeOf(account, 'passkey_changed', { by, at: clock.now(), name }))
  })
}

interface Judging {
  readonly accounts: Pick<Accounts, 'read'>
  readonly store: PasskeyStore
  readonly challenges: Challenges
  readonly rp: RelyingParty
}

/** The account and passkey, if they are known, and the reason if the proof is refused. */
interface Verdict {
  readonly account: Account | undefined
  readonly passkey: StoredPasskey | undefined
  readonly refusal: string | undefined
  /** Whether it is refused because the passkey differs from when it was registered. */
  readonly hasChanged: boolean
}

async function judge(deps: Judging, { credential, binding }: PasskeyAttempt): Promise<Verdict> {
  const { accounts, challenges, rp, store } = deps
  let passkey: StoredPasskey | undefined
  let account: Account | undefined
  try {
    const assertion = readAssertion(credential)
    // spent first, so that the challenge cannot be presented again, even if the check fails
    if (!(await challenges.spend(assertion.challenge, { purpose: 'sign-in', binding }))) {
      throw new ResponseRefused('the challenge was spent, is too old or is not for this page')
    }
    passkey = await store.find(Buffer.from(assertion.id, 'base64url'))
    if (!passkey) throw new ResponseRefused('unknown passkey')
    account = await accounts.read(passkey.accountId)
    // WebAuthn §7.2: the user handle identifies the owner of the passkey
    if (assertion.response.userHandle !== passkey.userHandle.toString('base64url')) {
      throw new ResponseRefused('the passkey is of another person')
    }
    const { signCount } = await verifyAssertion(assertion, passkey, rp)
    if (account?.status !== 'enabled') throw new ResponseRefused('the account is disabled')
    // a concurrent assertion with a higher count was faster
    if (!(await store.use(passkey.id, signCount))) throw new ResponseRefused(COUNTER_WENT_BACK)
    return { account, passkey, refusal: undefined, hasChanged: false }
  } catch (error) {
    if (!(error instanceof ResponseRefused)) throw error
    const hasChanged = error instanceof ResponseChanged && account?.status === 'enabled'
    return { account, passkey, refusal: error.message, hasChanged }
  }
}
