/** Sends codes and links by mail and redeems them, once each. See EmailCodes for its functions. */
import { randomBytes, randomInt } from 'node:crypto'
import type { Account, Accounts } from '#accounts/account.ts'
import { emailOf } from '#accounts/email.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database } from '#database/database.ts'
import type { Mail } from '#mail/mail.ts'
import type { IssuerPath } from '#mail/templates/mail-template.ts'
import { randomId, sha256 } from '#shared/ids.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Attempts } from '#sign-in/attempts.ts'
import type { KnownDevices } from '#sign-in/known-devices.ts'
import { createEmailCodeMailsStore } from './email-code-mails-store.ts'
import { createEmailCodeStore, LIFETIME_SECONDS } from './email-code-store.ts'
import type { EmailCodePurpose, EmailCodes, SendRequest } from './email-code.ts'
import { TooManyMails } from './errors.ts'
import type { CountMail } from '../mail-budget.ts'
import type { ResetDelay } from '../reset-delay.ts'
import { createRedemption } from './redemption.ts'
import { createSeals, type Seals, tokenHashOf } from './seals.ts'

export interface EmailCodesDeps {
  readonly db: Database
  readonly accounts: Pick<Accounts, 'read' | 'findByIdentifier'>
  readonly audit: Pick<Audit, 'record' | 'recordIn'>
  readonly keyring: Pick<Keyring, 'seal' | 'open' | 'mac' | 'macs'>
  readonly mail: Mail
  readonly countMail: CountMail
  readonly attempts: Pick<Attempts, 'begin'>
  readonly resetDelay: ResetDelay
  readonly devices: Pick<KnownDevices, 'idFor'>
}

/** How a request is answered: with a valid code, a mail that says why there is none, or no mail. */
interface Decision {
  readonly account: Account | undefined
  readonly answer: 'code' | 'account_exists' | 'later' | 'nothing'
  /** The address as its account has it. Mail to the spelling that was typed may reach someone else. */
  readonly to?: string
  /** `later`: when a reset becomes possible. */
  readonly from?: Date
  /** Why no valid code is sent. */
  readonly refusal?: string
}

const CODE_DIGITS = 8
/** The account page, which requires a sign-in. */
const ACCOUNT_PATH = '/account'

export function createEmailCodes(deps: EmailCodesDeps): EmailCodes {
  const { db, mail } = deps
  const seals = createSeals(deps.keyring)
  return {
    available: mail.available,
    send: (request, by) => send({ ...deps, seals }, request, by),
    redeem: createRedemption({ ...deps, seals }),
    async removeExpired() {
      const removed = {
        email_codes: await createEmailCodeStore(db).removeExpired(),
        email_code_mails: await createEmailCodeMailsStore(db).removeExpired(),
      }
      return Object.values(removed).some((rows) => rows > 0) ? removed : undefined
    },
  }
}

async function send(deps: EmailCodesDeps & { seals: Seals }, request: SendRequest, by: AuditContext): Promise<void> {
  const { db, audit, mail, countMail, seals } = deps
  const asked = emailOf(request.address)
  if (asked === undefined) throw new TypeError('a code is sent to an e-mail address')
  const decision = await decide(deps, { ...request, address: asked })
  const to = decision.to ?? asked
  const event = requestedEvent(request.purpose, decision, by)
  const waitSeconds = await db.transaction(async (trx) => {
    const store = createEmailCodeStore(trx)
    const seconds = await countMail(trx, 'email-code', asked)
    if (seconds !== undefined) return seconds
    const { row, code, token } = newCode(seals, { ...request, address: asked }, { ...decision, to })
    await store.replace(row)
    await mail.enqueue(trx, letterOf({ request: { ...request, address: to }, decision, code, token }))
    await audit.recordIn(trx, event)
    return undefined
  })
  if (waitSeconds === undefined) return
  await audit.record({ ...event, outcome: 'failure', reason: 'too many mails to this address' })
  throw new TooManyMails(waitSeconds)
}

/** Decides how to answer. Makes the same two queries for every address, known or not. */
async function decide(deps: EmailCodesDeps, { purpose, accountId, address }: SendRequest): Promise<Decision> {
  const holder = await deps.accounts.findByIdentifier(address)
  const own = await deps.accounts.read(accountId ?? holder?.id ?? 'nobody')
  if (purpose === 'reset_password') {
    if (!holder) return { account: undefined, answer: 'nothing', refusal: 'no account has this address' }
    if (own?.status !== 'enabled') return { account: holder, answer: 'nothing', refusal: 'the account is disabled' }
    const from = deps.resetDelay(holder)
    const to = holder.email
    if (!from) return { account: holder, answer: 'code', to }
    return { account: holder, answer: 'later', to, from, refusal: 'the address was changed by an administrator lately' }
  }
  if (accountId !== undefined && own?.status !== 'enabled') {
    return { account: own, answer: 'nothing', refusal: 'the account is disabled or gone' }
  }
  if (holder && holder.id !== accountId) {
    return {
      account: accountId === undefined ? holder : own,
      answer: 'account_exists',
      to: holder.email,
      refusal: 'an account has this address',
    }
  }
  return { account: own, answer: 'code' }
}

/** Makes a code and its row. If no code may work, the row holds random values instead and looks like any other. */
function newCode(seals: Seals, request: SendRequest, { account, answer, to }: Decision & { to: string }) {
  const code = randomInt(10 ** CODE_DIGITS)
    .toString()
    .padStart(CODE_DIGITS, '0')
  const token = randomId('eml-')
  const key = seals.key(request)
  const works = answer === 'code'
  const owner = works ? account : undefined
  const content = {
    address: to,
    asked: request.address,
    bound: request.accountId,
    sub: owner?.id,
    mailLinksVersion: owner?.mailLinksVersion,
  }
  const row = {
    key,
    codeMac: works ? seals.codeMac(key, code) : randomBytes(32),
    tokenHash: works ? tokenHashOf(request.purpose, token) : sha256(randomId()),
    sealed: seals.seal(key, content),
    registration: request.purpose === 'verify_email' && request.accountId === undefined,
  }
  return { row, code, token }
}

function letterOf(given: { request: SendRequest; decision: Decision; code: string; token: string }) {
  const { request, decision, code, token } = given
  const to = { to: request.address, language: request.language }
  if (decision.answer === 'account_exists') {
    return { ...to, template: 'account_exists', data: { path: ACCOUNT_PATH } } as const
  }
  if (decision.from) return { ...to, template: 'reset_later', data: { from: decision.from.toISOString() } } as const
  const link = { path: withToken(request.path, token), minutes: LIFETIME_SECONDS / 60 }
  const unsent = decision.answer === 'nothing'
  // without a link: the person types the code on the page that waits for it
  if (request.purpose === 'confirm_identity') {
    return { ...to, template: request.purpose, data: { code, minutes: link.minutes }, unsent } as const
  }
  if (request.purpose === 'reset_password' && request.linkOnly === true) {
    return { ...to, template: request.purpose, data: link, unsent } as const
  }
  return { ...to, template: request.purpose, data: { ...link, code }, unsent }
}

function withToken(path: IssuerPath, token: string): IssuerPath {
  return `${path}${path.includes('?') ? '&' : '?'}token=${token}`
}

function requestedEvent(purpose: EmailCodePurpose, { account, refusal }: Decision, by: AuditContext) {
  return {
    ...by,
    type: 'email_code.requested',
    outcome: refusal === undefined ? 'success' : 'failure',
    ...(refusal === undefined ? {} : { reason: refusal }),
    ...(account ? { accountId: account.id, subject: { kind: 'account', id: account.id } } : {}),
    detail: { purpose },
  } as const
}
