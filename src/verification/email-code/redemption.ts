/** Redeems a code or link: once, for its purpose, and in the browser that asked for it. */
import type { Account, Accounts } from '#accounts/account.ts'
import { emailOf } from '#accounts/email.ts'
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import { whileCounted } from '#sign-in/attempt-limit.ts'
import { type Attempts, SESSION } from '#sign-in/attempts.ts'
import type { KnownDevices } from '#sign-in/known-devices.ts'
import { normalizedCode } from '#sign-in/one-time-code.ts'
import { type CodeState, createEmailCodeStore, MAX_TRIES } from './email-code-store.ts'
import type { EmailCodePurpose, EmailCodes, RedeemRequest } from './email-code.ts'
import { type Content, type Seals, tokenHashOf } from './seals.ts'

export interface RedemptionDeps {
  readonly db: Queryable
  readonly accounts: Pick<Accounts, 'read' | 'findByIdentifier'>
  readonly audit: Pick<Audit, 'record'>
  readonly attempts: Pick<Attempts, 'begin'>
  readonly devices: Pick<KnownDevices, 'idFor'>
  readonly seals: Seals
}

interface Verdict {
  /** What was sealed with the code; undefined if there is no such code. */
  readonly content: Content | undefined
  /** Why the proof is refused; undefined if it is right. */
  readonly refusal: string | undefined
}

interface Checked extends Verdict {
  readonly account: Account | undefined
}

/** An account id that does not exist. */
const NOBODY = 'nobody'
const OVER = 'spent, expired or never sent'

export function createRedemption(deps: RedemptionDeps): EmailCodes['redeem'] {
  const { audit, attempts } = deps
  return async (request, by) => {
    const { purpose } = request
    const record = (facts: Pick<Checked, 'account' | 'refusal'>) =>
      audit.record(redeemedEvent({ ...facts, purpose, by }))
    async function judge(): Promise<Checked> {
      const verdict = 'token' in request ? await judgeToken(deps, request) : await judgeCode(deps, request)
      return checkAccount(deps, request, verdict)
    }
    const onWait = () => record({ account: undefined, refusal: 'too many attempts' })
    // no attempt limit for links, which cannot be guessed
    const checked = await ('token' in request
      ? judge()
      : whileCounted({ attempts, onWait }, await attemptOf(deps, request, by), judge))
    await record(checked)
    const { account, content, refusal } = checked
    return refusal === undefined && content ? { purpose, address: content.address, account, amr: ['otp'] } : undefined
  }
}

type CodeRequest = Extract<RedeemRequest, { code: string }>

/** Counts by the address, unless the person is signed in or known in this browser: each code has few attempts anyway. */
async function attemptOf({ accounts, devices }: RedemptionDeps, request: CodeRequest, by: AuditContext) {
  const attempt = { method: 'email_code', who: undefined, address: by.address }
  if (request.isSignedIn) return { ...attempt, knownBrowser: SESSION }
  const holder = await accounts.findByIdentifier(request.address)
  return { ...attempt, knownBrowser: holder && devices.idFor(request.device, holder.id) }
}

async function judgeCode({ db, seals }: RedemptionDeps, request: CodeRequest): Promise<Verdict> {
  const store = createEmailCodeStore(db)
  const code = normalizedCode(request.code)
  if (!/^\d{8}$/.test(code)) return { content: undefined, refusal: 'not a code' }
  const keys = seals.keys({ ...request, address: emailOf(request.address) ?? request.address })
  const tried = await store.tryCode(keys, seals.codeMacs(keys, code))
  if (tried) {
    const content = seals.open(tried.key, tried.sealed)
    return { content, refusal: tried.right ? undefined : 'wrong code' }
  }
  return { content: undefined, refusal: refusalOf(await store.findByKeys(keys)) }
}

async function judgeToken(
  { db, seals }: RedemptionDeps,
  request: Extract<RedeemRequest, { token: string }>,
): Promise<Verdict> {
  const store = createEmailCodeStore(db)
  const tokenHash = tokenHashOf(request.purpose, request.token)
  const found = await store.findByToken(tokenHash)
  if (!found) return { content: undefined, refusal: OVER }
  const content = seals.open(found.key, found.sealed)
  if (request.accountId !== undefined && request.accountId !== content.bound)
    return { content, refusal: 'of another account' }
  // the row's key contains the browser that asked; a link opened in another one is refused, but not spent
  const keys = seals.keys({ ...request, address: content.asked ?? content.address, accountId: content.bound })
  if (!keys.some((key) => key.equals(found.key))) return { content, refusal: 'of another browser' }
  return { content, refusal: (await store.spend(tokenHash)) ? undefined : refusalOf({ ...found, tries: 0 }) }
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
  if (!content) return { ...verdict, account: undefined }
  // always read, so that the time of a wrong code does not reveal whether an account has the address
  const account = await accounts.read(content.sub ?? NOBODY)
  return { ...verdict, account, refusal: verdict.refusal ?? accountRefusal(account, content, purpose) }
}

function accountRefusal(account: Account | undefined, content: Content, purpose: EmailCodePurpose): string | undefined {
  if (content.sub === undefined) return undefined
  if (account?.status !== 'enabled') return 'the account is disabled or gone'
  const isMoved = purpose !== 'verify_email' && account.email.toLowerCase() !== content.address.toLowerCase()
  if (isMoved) return 'the account has another address'
  return account.mailLinksVersion === content.mailLinksVersion ? undefined : 'the account has changed since'
}

function redeemedEvent(facts: Pick<Checked, 'account' | 'refusal'> & { purpose: EmailCodePurpose; by: AuditContext }) {
  const { purpose, refusal, account, by } = facts
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
