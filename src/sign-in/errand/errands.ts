/** Asks for a mail, remembers for whom, and takes what came in it as the proof of an address. See Errands. */
import type { AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { IssuerPath } from '#mail/templates/letter.ts'
import { randomId, sha256 } from '#shared/ids.ts'
import type { Keyring } from '#shared/keyring.ts'
import type { Attempts } from '../attempts.ts'
import type { EmailCodePurpose, EmailCodes, EmailProof } from '../email-code/email-code.ts'
import { createErrandStore } from './errand-store.ts'
import type { Errand, ErrandPlace, ErrandPurpose, Errands, ErrandStart, LinkProof } from './errand.ts'

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
  const { attempts, db, emailCodes, keyring } = deps
  const store = createErrandStore(db)

  async function put(place: ErrandPlace, content: Content): Promise<void> {
    const key = keyOf(place)
    await store.put(key, keyring.seal(PURPOSE, JSON.stringify(content), key.toString('hex')))
  }

  async function find(place: ErrandPlace, purpose: ErrandPurpose): Promise<Errand | undefined> {
    const key = keyOf(place)
    const sealed = await store.find(key)
    if (!sealed) return undefined
    const content = JSON.parse(keyring.open(PURPOSE, sealed, key.toString('hex')).toString()) as Content
    return content.purpose === purpose ? { ...content, seal: sealed } : undefined
  }

  async function begin(place: ErrandPlace, start: ErrandStart, by: AuditContext): Promise<void> {
    const { purpose, address, language, path, sub } = start
    // mails to many addresses from one place count there, as wrong proofs do
    const attempt = await attempts.begin({ method: 'mail', who: undefined, address: by.address })
    await attempt.failed()
    const browser = browserOf(place)
    const binding = { purpose: CODES[purpose], browser, ...(sub === undefined ? {} : { sub }) }
    await emailCodes.send({ ...binding, address, language, path: withQuery(path, 'at', browser) }, by)
    await put(place, { purpose, address, proven: false, sub })
  }

  async function proveByCode(
    place: ErrandPlace,
    { purpose, code }: { purpose: ErrandPurpose; code: string },
    by: AuditContext,
  ): Promise<boolean> {
    const errand = await find(place, purpose)
    if (!errand) return false
    const { address, sub } = errand
    const binding = { purpose: CODES[purpose], browser: browserOf(place), ...(sub === undefined ? {} : { sub }) }
    const proof = await emailCodes.redeem({ ...binding, address, code }, by)
    if (!proof || !fits(purpose, proof)) return false
    await put(place, { purpose, address, proven: true, sub: proof.account?.sub })
    return true
  }

  async function proveByLink(link: LinkProof, by: AuditContext): Promise<ErrandPlace | undefined> {
    const { purpose, token, place = randomId('err-'), sub } = link
    const browser = link.place === undefined ? link.at : browserOf(link.place)
    const binding = { ...(browser === undefined ? {} : { browser }), ...(sub === undefined ? {} : { sub }) }
    const proof = await emailCodes.redeem({ purpose: CODES[purpose], ...binding, token }, by)
    if (!proof || !fits(purpose, proof)) return undefined
    await put(place, { purpose, address: proof.address, proven: true, sub: proof.account?.sub })
    return place
  }

  return {
    available: emailCodes.available,
    begin,
    find,
    proveByCode,
    proveByLink,
    finish: async (trx, place, errand) => errand.proven && createErrandStore(trx).take(keyOf(place), errand.seal),
    forget: (place) => store.remove(keyOf(place)),
    removeExpired: store.removeExpired,
  }
}

/** What was sent for an account opens nothing for somebody who registers, and the other way round. */
function fits(purpose: ErrandPurpose, { account }: EmailProof): boolean {
  return (account === undefined) === (purpose === 'register')
}

function withQuery(path: IssuerPath, name: string, value: string): IssuerPath {
  return `${path}${path.includes('?') ? '&' : '?'}${name}=${value}`
}
