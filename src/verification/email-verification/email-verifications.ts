/** Sends verification mails, stores whom they are for, and checks the code or link. See EmailVerifications. */
import type { Accounts } from '#accounts/account.ts'
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import { randomId, sha256 } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Attempts } from '#sign-in/attempts.ts'
import type { EmailCodePurpose, EmailCodes, VerifiedEmail } from '../email-code/email-code.ts'
import { createEmailVerificationStore } from './email-verification-store.ts'
import {
  type EmailVerification,
  type EmailVerifications,
  type VerificationHandle,
  type VerificationPurpose,
  VerificationSpent,
  type VerificationStart,
} from './email-verification.ts'

export interface EmailVerificationsDeps {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly emailCodes: Pick<EmailCodes, 'available' | 'send' | 'redeem'>
  readonly attempts: Pick<Attempts, 'countMail'>
  readonly accounts: Pick<Accounts, 'useMailLink'>
}

type Content = Omit<EmailVerification, 'seal'>

const PURPOSE = 'mail-errand'
const CODES: Readonly<Record<VerificationPurpose, EmailCodePurpose>> = {
  register: 'verify_email',
  reset: 'reset_password',
  address: 'verify_email',
  identity: 'confirm_identity',
}

const keyOf = (handle: VerificationHandle) => sha256(`errand ${handle}`)
/** Returns a digest that names a handle in a mail without revealing it. */
const browserOf = (handle: VerificationHandle) => sha256(`errand of ${handle}`).subarray(0, 16).toString('base64url')

export function createEmailVerifications(deps: EmailVerificationsDeps): EmailVerifications {
  const { accounts, db, emailCodes } = deps
  const kept = createKept(deps)
  return {
    available: emailCodes.available,
    find: kept.find,
    begin: (handle, start, by) => begin(deps, kept, { handle, start, by }),
    async proveByCode(handle, { purpose, ...typed }, by) {
      const verification = await kept.find(handle, purpose)
      if (!verification) return false
      const { address, sub: accountId } = verification
      const binding = bindingOf(purpose, browserOf(handle), accountId)
      const proof = await emailCodes.redeem({ ...binding, address, ...typed }, by)
      if (!proof || !fits(purpose, proof)) return false
      await kept.put(handle, { purpose, address, proven: true, ...accountOf(proof) })
      return true
    },
    async proveByLink({ purpose, token, at, handle, accountId }, by) {
      const browser = handle === undefined ? at : browserOf(handle)
      const proof = await emailCodes.redeem({ ...bindingOf(purpose, browser, accountId), token }, by)
      if (!proof || !fits(purpose, proof)) return undefined
      const where = handle ?? randomId('err-')
      await kept.put(where, { purpose, address: proof.address, proven: true, ...accountOf(proof) })
      return where
    },
    async finish(trx, handle, { proven, sub, mailLinksVersion, seal }) {
      const isCurrent =
        proven &&
        (sub === undefined ||
          (mailLinksVersion !== undefined && (await accounts.useMailLink(trx, { id: sub, mailLinksVersion }))))
      if (!isCurrent || !(await createEmailVerificationStore(trx).take(keyOf(handle), seal))) {
        throw new VerificationSpent()
      }
    },
    forget: (handle) => createEmailVerificationStore(db).remove(keyOf(handle)),
    removeExpired: createEmailVerificationStore(db).removeExpired,
  }
}

/** Stores verifications: sealed, under the digest of their handle. */
function createKept({ db, keyring }: EmailVerificationsDeps) {
  const store = createEmailVerificationStore(db)
  return {
    async put(handle: VerificationHandle, content: Content): Promise<void> {
      const key = keyOf(handle)
      const sealed = keyring.seal(PURPOSE, JSON.stringify(content), key.toString('hex'))
      await store.put({ key, sealed, registration: content.purpose === 'register' })
    },
    async find(handle: VerificationHandle, purpose: VerificationPurpose): Promise<EmailVerification | undefined> {
      const key = keyOf(handle)
      const sealed = await store.find(key)
      if (!sealed) return undefined
      const content = JSON.parse(keyring.open(PURPOSE, sealed, key.toString('hex')).toString()) as Content
      return content.purpose === purpose ? { ...content, seal: sealed } : undefined
    },
  }
}

async function begin(
  { attempts, emailCodes }: EmailVerificationsDeps,
  kept: ReturnType<typeof createKept>,
  { handle, start, by }: { handle: VerificationHandle; start: VerificationStart; by: AuditContext },
): Promise<void> {
  const { purpose, address, language, path, accountId } = start
  // limits mails to many recipients; each recipient has a limit of its own
  await attempts.countMail(by.address)
  const browser = browserOf(handle)
  const binding = bindingOf(purpose, browser, accountId)
  await emailCodes.send({ ...binding, address, language, path: withQuery(path, 'at', browser) }, by)
  await kept.put(handle, { purpose, address, proven: false, sub: accountId })
}

function bindingOf(purpose: VerificationPurpose, browser: string | undefined, accountId: string | undefined) {
  return {
    purpose: CODES[purpose],
    ...(browser === undefined ? {} : { browser }),
    ...(accountId === undefined ? {} : { accountId }),
  }
}

/** Returns whether the proof fits: a registration must have no account, any other purpose must have one. */
function fits(purpose: VerificationPurpose, { account }: VerifiedEmail): boolean {
  return (account === undefined) === (purpose === 'register')
}

function accountOf({ account }: VerifiedEmail) {
  return { sub: account?.id, mailLinksVersion: account?.mailLinksVersion }
}

function withQuery(path: IssuerPath, name: string, value: string): IssuerPath {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${value}`
}
