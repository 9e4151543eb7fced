/** Adds, renames and removes the passkeys of an account. */
import { randomBytes } from 'node:crypto'
import type { Account, Accounts } from '#accounts/account.ts'
import type { Audit } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Clock } from '#shared/clock.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { randomName } from '#shared/ids.ts'
import { FactorNotFound } from '../errors.ts'
import { factorEvent } from '../proof-events.ts'
import {
  ALGORITHMS,
  type MadeCredential,
  readAttestation,
  type RelyingParty,
  ResponseRefused,
  verifyAttestation,
} from './ceremonies.ts'
import { CHALLENGE_SECONDS, type Challenges } from './challenges.ts'
import { PasskeyKnown, PasskeyNameInvalid, PasskeyRefused, TooManyPasskeys } from './errors.ts'
import { createPasskeyStore, type NewPasskey } from './passkey-store.ts'
import type { PasskeyAttempt, PasskeyCreation, Passkeys } from './passkey.ts'

/** The most passkeys that an account can have. */
const MOST = 20
export const MAX_NAME_LENGTH = 60
/** WebAuthn §5.4.3: 64 bytes at most. */
const USER_HANDLE_BYTES = 32

export interface EnrolmentDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'endMailLinks'>
  readonly audit: Pick<Audit, 'recordIn'>
  readonly clock: Clock
  readonly challenges: Challenges
  readonly rp: RelyingParty
  readonly brand: () => string
  /** The method's name in audit events. */
  readonly method: string
}

export type Enrolment = Pick<Passkeys, 'registrationOptions' | 'register' | 'rename' | 'remove'>

export function createEnrolment(deps: EnrolmentDeps): Enrolment {
  const { accounts, audit, challenges, clock, db, method } = deps
  const store = createPasskeyStore(db)

  return {
    async registrationOptions(account, binding) {
      const handle = await store.userHandle(account.id, randomBytes(USER_HANDLE_BYTES))
      if (!handle) throw new PasskeyRefused('the account is gone')
      const known = await store.credentials(account.id)
      return creation({ ...deps, account, handle, known, challenge: challenges.make(useOf(account.id, binding)) })
    },

    async register({ id: accountId }, made, by, within) {
      const name = checkedName(made.name)
      const passkey: NewPasskey = { ...(await readMade(deps, accountId, made)), id: randomName('psk-'), name }
      if ((await accounts.read(accountId))?.status !== 'enabled') throw new PasskeyRefused('the account is disabled')
      await db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, accountId)
        const outcome = await createPasskeyStore(trx).insert(accountId, passkey, MOST)
        if (outcome === 'full') throw new TooManyPasskeys(MOST)
        if (outcome === 'known') throw new PasskeyKnown()
        if (outcome === 'gone') throw new PasskeyRefused('the account is gone')
        await audit.recordIn(trx, factorEvent('factor.added', { method, accountId, by, name }))
        await within?.(trx)
      })
      return {
        id: passkey.id,
        name,
        synced: passkey.synced,
        createdAt: clock.now(),
        lastUsedAt: undefined,
        changedAt: undefined,
      }
    },

    async rename(accountId, { id, name: given }, by) {
      const name = checkedName(given)
      await db.transaction(async (trx) => {
        if (!(await createPasskeyStore(trx).rename(accountId, id, name))) throw new FactorNotFound('such passkey')
        await audit.recordIn(trx, factorEvent('factor.renamed', { method, accountId, by, name }))
      })
    },

    async remove(accountId, id, by, within) {
      await db.transaction(async (trx) => {
        await accounts.endMailLinks(trx, accountId)
        const name = await createPasskeyStore(trx).remove(accountId, id)
        if (name === undefined) throw new FactorNotFound('such passkey')
        await audit.recordIn(trx, factorEvent('factor.removed', { method, accountId, by, name }))
        await within?.(trx)
      })
    },
  }
}

async function readMade(
  { challenges, rp }: Pick<EnrolmentDeps, 'challenges' | 'rp'>,
  accountId: string,
  { credential, binding }: PasskeyAttempt,
): Promise<MadeCredential> {
  try {
    const attestation = readAttestation(credential)
    if (!(await challenges.spend(attestation.challenge, useOf(accountId, binding)))) {
      throw new ResponseRefused('the challenge was spent, is too old or is not for this page and account')
    }
    return await verifyAttestation(attestation, rp)
  } catch (error) {
    throw error instanceof ResponseRefused ? new PasskeyRefused(error.message) : error
  }
}

function creation(about: {
  readonly challenge: string
  readonly rp: RelyingParty
  readonly brand: () => string
  readonly account: Pick<Account, 'email' | 'name'>
  readonly handle: Buffer
  readonly known: readonly { readonly id: Buffer; readonly transports: readonly string[] }[]
}): PasskeyCreation {
  const { challenge, rp, brand, account, handle, known } = about
  return {
    challenge,
    rp: { id: rp.id, name: brand() },
    user: { id: handle.toString('base64url'), name: account.email, displayName: account.name ?? account.email },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: known.map(({ id, transports }) => ({
      type: 'public-key',
      id: id.toString('base64url'),
      transports: transports as never[],
    })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none',
    timeout: CHALLENGE_SECONDS * 1000,
  }
}

/** Binds a challenge to the account as well, so that it is not valid for another account in the same browser. */
function useOf(accountId: string, binding: string) {
  return { purpose: 'registration', binding: JSON.stringify([accountId, binding]) } as const
}

function checkedName(given: string): string {
  const name = given.trim()
  const length = Array.from(name).length
  if (length < 1 || length > MAX_NAME_LENGTH || !isDisplayText(name)) {
    throw new PasskeyNameInvalid(given, MAX_NAME_LENGTH)
  }
  return name
}
