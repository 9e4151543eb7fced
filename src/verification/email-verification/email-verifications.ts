/** Asks for a mail, remembers for whom, and takes what came in it as the proof of an address. See Errands. */
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import { randomId, sha256 } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Attempts } from '#sign-in/attempts.ts'
import type { EmailCodePurpose, EmailCodes, EmailProof } from '../email-code/email-code.ts'
import { createErrandStore } from './email-verification-store.ts'
import type { Errand, ErrandPlace, ErrandPurpose, Errands, ErrandStart } from './email-verification.ts'

export interface ErrandsDeps {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly emailCodes: Pick<EmailCodes, 'available' | 'send' | 'redeem'>
  readonly attempts: Pick<Attempts, 'begin'>
}

type Content = Omit<Errand, 'seal'>

const PURPOSE = 'mail-errand'
const CODES: Readonly<Record<ErrandPurpose, EmailCodePurpose>> = {
  register: 'verify_email',
  reset: 'reset_password',
  address: 'verify_email',
}

const keyOf = (place: ErrandPlace) => sha256(`errand ${place}`)
/** Names a place in a mail, without telling it. */
const browserOf = (place: ErrandPlace) => sha256(`errand of ${place}`).subarray(0, 16).toString('base64url')

export function createErrands(deps: ErrandsDeps): Errands {
  const { db, emailCodes } = deps
  const kept = createKept(deps)
  return {
    available: emailCodes.available,
    find: kept.find,
    begin: (place, start, by) => begin(deps, kept, { place, start, by }),
    async proveByCode(place, { purpose, code }, by) {
      const errand = await kept.find(place, purpose)
      if (!errand) return false
      const { address, sub } = errand
      const proof = await emailCodes.redeem({ ...bindingOf(purpose, browserOf(place), sub), address, code }, by)
      if (!proof || !fits(purpose, proof)) return false
      await kept.put(place, { purpose, address, proven: true, sub: proof.account?.sub })
      return true
    },
    async proveByLink({ purpose, token, at, place, sub }, by) {
      const browser = place === undefined ? at : browserOf(place)
      const proof = await emailCodes.redeem({ ...bindingOf(purpose, browser, sub), token }, by)
      if (!proof || !fits(purpose, proof)) return undefined
      const where = place ?? randomId('err-')
      await kept.put(where, { purpose, address: proof.address, proven: true, sub: proof.account?.sub })
      return where
    },
    finish: async (trx, place, errand) => errand.proven && createErrandStore(trx).take(keyOf(place), errand.seal),
    forget: (place) => createErrandStore(db).remove(keyOf(place)),
    removeExpired: createErrandStore(db).removeExpired,
  }
}

/** Errands at rest: the address is sealed with what is done with it, under the digest of the place. */
function createKept({ db, keyring }: ErrandsDeps) {
  const store = createErrandStore(db)
  return {
    async put(place: ErrandPlace, content: Content): Promise<void> {
      const key = keyOf(place)
      await store.put(key, keyring.seal(PURPOSE, JSON.stringify(content), key.toString('hex')))
    },
    async find(place: ErrandPlace, purpose: ErrandPurpose): Promise<Errand | undefined> {
      const key = keyOf(place)
      const sealed = await store.find(key)
      if (!sealed) return undefined
      const content = JSON.parse(keyring.open(PURPOSE, sealed, key.toString('hex')).toString()) as Content
      return content.purpose === purpose ? { ...content, seal: sealed } : undefined
    },
  }
}

async function begin(
  { attempts, emailCodes }: ErrandsDeps,
  kept: ReturnType<typeof createKept>,
  { place, start, by }: { place: ErrandPlace; start: ErrandStart; by: AuditContext },
): Promise<void> {
  const { purpose, address, language, path, sub } = start
  // mails to many addresses from one place count there, as wrong proofs do
  const attempt = await attempts.begin({ method: 'mail', who: undefined, address: by.address })
  await attempt.failed()
  const browser = browserOf(place)
  const binding = bindingOf(purpose, browser, sub)
  await emailCodes.send({ ...binding, address, language, path: withQuery(path, 'at', browser) }, by)
  await kept.put(place, { purpose, address, proven: false, sub })
}

function bindingOf(purpose: ErrandPurpose, browser: string | undefined, sub: string | undefined) {
  return {
    purpose: CODES[purpose],
    ...(browser === undefined ? {} : { browser }),
    ...(sub === undefined ? {} : { sub }),
  }
}

/** What was sent for an account opens nothing for somebody who registers, and the other way round. */
function fits(purpose: ErrandPurpose, { account }: EmailProof): boolean {
  return (account === undefined) === (purpose === 'register')
}

function withQuery(path: IssuerPath, name: string, value: string): IssuerPath {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${value}`
}
