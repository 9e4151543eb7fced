/** Redeems a code or link: once, for its purpose, and in the browser that asked for it. */
import type { Account, Accounts } from '#accounts/account.ts'
import { emailOf } from '#accounts/email.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import { whileCounted } from '#sign-in/attempt-limit.ts'
import type { Attempts } from '#sign-in/attempts.ts'
import type { KnownDevices } from '#sign-in/known-devices.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { type CodeState, createEmailCodeStore, MAX_TRIES } from './email-code-store.ts'
import type { EmailCodes, VerifiedEmail, RedeemRequest } from './email-code.ts'
import { type Content, type Seals, tokenHashOf } from './seals.ts'

export interface RedemptionDeps {
  readonly db: Queryable
  readonly accounts: Pick<Accounts, 'read' | 'findByIdentifier'>
  readonly audit: Pick<Audit, 'record'>
  readonly attempts: Pick<Attempts, 'begin'>
  readonly devices: Pick<KnownDevices, 'idFor'>
  readonly seals: Seals
}

type Verdict = { readonly content: Content } | { readonly refusal: string; readonly content?: Content | undefined }

interface Checked {
  readonly verdict: Verdict
  readonly account: Account | undefined
  /** As in the verdict. */
  readonly refusal: string | undefined
}

/** An account id that does not exist. */
const NOBODY = 'nobody'
const OVER = 'spent, expired or never sent'

export function createRedemption(deps: RedemptionDeps): EmailCodes['redeem'] {
  const { audit, attempts } = deps
  return async (request, by) => {
    const { purpose } = request
    const record = (verdict: Verdict, account?: Account) =>
      audit.record(redeemedEvent({ purpose, verdict, account, by }))
    async function judge(): Promise<Checked> {
      const verdict = 'token' in request ? await judgeToken(deps, request) : await judgeCode(deps, request)
      return checkAccount(deps, request, verdict)
    }
    const onWait = () => record({ refusal: 'too many attempts' })
    // nobody can guess a link
    const checked = await ('token' in request
      ? judge()
      : whileCounted({ attempts, onWait }, await attemptOf(deps, request, by), judge))
    await record(checked.verdict, checked.account)
    if ('refusal' in checked.verdict) return undefined
    return { purpose, address: checked.verdict.content.address, account: checked.account, amr: ['otp'] }
  }
}

type CodeRequest = Extract<RedeemRequest, { code: string }>

/** Counts by the address, unless the person is known in this browser or signed in: each code has few attempts anyway. */
async function attemptOf({ accounts, devices }: RedemptionDeps, request: CodeRequest, by: AuditContext) {
  const attempt = { method: 'email_code', who: undefined, address: by.address }
  if (request.device === undefined) return { ...attempt, knownBrowser: request.accountId }
  const holder = await accounts.findByIdentifier(request.address.trim())
  return { ...attempt, knownBrowser: holder && devices.idFor(request.device, holder.id) }
}

async function judgeCode({ db, seals }: RedemptionDeps, request: CodeRequest): Promise<Verdict> {
  const store = createEmailCodeStore(db)
  const code = normalizedCode(request.code)
  if (!/^\d{8}$/.test(code)) return { refusal: 'not a code' }
  const keys = seals.keys({ ...request, address: emailOf(request.address) ?? request.address })
  const tried = await store.tryCode(keys, seals.codeMacs(keys, code))
  if (tried) {
    const content = seals.open(tried.key, tried.sealed)
    return tried.right ? { content } : { refusal: 'wrong code', content }
  }
  return { refusal: refusalOf(await store.findByKeys(keys)) }
}

async function judgeToken(
  { db, seals }: RedemptionDeps,
  request: Extract<RedeemRequest, { token: string }>,
): Promise<Verdict> {
  const store = createEmailCodeStore(db)
  const tokenHash = tokenHashOf(request.purpose, request.token)
  const found = await store.findByToken(tokenHash)
  if (!found) return { refusal: OVER }
  const content = seals.open(found.key, found.sealed)
  if (request.accountId !== undefined && request.accountId !== content.bound)
    return { refusal: 'of another account', content }
  // the row's key contains the browser that asked; a link opened in another one is refused, but not spent
  const keys = seals.keys({ ...request, address: content.asked ?? content.address, accountId: content.bound })
  if (!keys.some((key) => key.equals(found.key))) return { refusal: 'of another browser', content }
  return (await store.spend(tokenHash)) ? { content } : { refusal: refusalOf({ ...found, tries: 0 }), content }
}

/** Returns the reason for the audit log. People do not see it. */
function refusalOf(state: CodeState | undefined): string {
  if (!state) return OVER
  if (state.spent) return 'spent'
  if (state.expired) return 'expired'
  return state.tries >= MAX_TRIES ? 'too many wrong codes' : OVER
}

/** Refuses the proof if the account was disabled, or its address or a credential has changed, since the mail. */
async function checkAccount(
  { accounts }: RedemptionDeps,
  { purpose }: RedeemRequest,
  verdict: Verdict,
): Promise<Checked> {
  const { content } = verdict
  const checked = (given: Verdict, account?: Account): Checked => ({
    verdict: given,
    account,
    refusal: 'refusal' in given ? given.refusal : undefined,
  })
  if (!content) return checked(verdict)
  // always read, so that the time of a wrong code does not reveal whether an account has the address
  const account = await accounts.read(content.sub ?? NOBODY)
  if ('refusal' in verdict) return checked(verdict, account)
  if (content.sub === undefined) return checked(verdict)
  if (account?.status !== 'enabled') return checked({ refusal: 'the account is disabled or gone', content }, account)
  const moved = purpose !== 'verify_email' && account.email.toLowerCase() !== content.address.toLowerCase()
  if (moved) return checked({ refusal: 'the account has another address', content }, account)
  const ended = account.mailLinksVersion !== content.mailLinksVersion
  return checked(ended ? { refusal: 'the account has changed since', content } : verdict, account)
}

function redeemedEvent(facts: {
  purpose: VerifiedEmail['purpose']
  verdict: Verdict
  account: Account | undefined
  by: AuditContext
}) {
  const { purpose, verdict, account, by } = facts
  const refusal = 'refusal' in verdict ? verdict.refusal : undefined
  return {
    ...by,
    ...(account && refusal === undefined ? { actor: { kind: 'account', id: account.id } as const } : {}),
    ...(account ? { accountId: account.id, subject: { kind: 'account', id: account.id } } : {}),
    ...(refusal === undefined ? {} : { reason: refusal }),
    type: refusal === undefined ? 'email_code.accepted' : 'email_code.refused',
    outcome: refusal === undefined ? 'success' : 'failure',
    detail: { purpose },
  } as const
}
