/** Lists the backchannel authentication requests of a person, and stores what the person decides: once. */
import type Provider from 'oidc-provider'
import type { Grant } from 'oidc-provider'
import type { Audit, AuditEvent } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import { meets } from '#sign-in/assurance.ts'
import { toArtefactRow } from '../../adapter/adapter.ts'
import { orUnavailable } from '../../adapter/errors.ts'
import { createGrantStore } from '../../adapter/grant-store.ts'
import type { Payload, PayloadSealer } from '../../adapter/sealing.ts'
import { createWaitingStore } from '../../adapter/waiting-store.ts'
import { askedAcr } from '../../configuration/claims-parameter.ts'
import { detailsOf, keepsAccess, resourcesOf, selectionOf } from '../../interactions/opened.ts'
import { createConsentStore } from '../../sessions/consent-store.ts'
import { addConsent } from '../../sessions/grants-of-sessions.ts'
import type { ApprovalAnswer, Approvals, Approver, PendingApproval } from './approvals.ts'
import { createApprovalStore, REQUEST, type StoredRequest } from './approval-store.ts'
import { queuePings } from './ping-notice.ts'

export interface ApprovalDeps {
  readonly db: Database
  readonly sealer: PayloadSealer
  readonly audit: Pick<Audit, 'recordIn'>
  readonly provider: () => Provider
}

/** How approval ids look: SHA-256 in base64url. */
const ID = /^[\w-]{43}$/

interface Opened {
  readonly pending: PendingApproval
  /** The value that the client polls with. */
  readonly value: string
  readonly payload: Payload
}

export function createApprovals(deps: ApprovalDeps): Approvals {
  const store = createApprovalStore(deps.db)
  const read = async ({ accountId, id }: Pick<ApprovalAnswer, 'accountId' | 'id'>) => {
    if (!ID.test(id)) return undefined
    const stored = await orUnavailable(() => store.find(accountId, Buffer.from(id, 'base64url')))
    return stored && open(deps, stored)
  }

  return {
    list: async (accountId) =>
      (await orUnavailable(() => store.list(accountId))).map((stored) => open(deps, stored).pending),
    find: async (accountId, id) => (await read({ accountId, id }))?.pending,
    isMet,
    async approve(answer, approver) {
      const opened = await read(answer)
      const client = opened && (await deps.provider().Client.find(opened.pending.clientId))
      if (!opened || !client) return 'gone'
      if (!isMet(opened.pending, approver)) return 'unmet'
      return (await orUnavailable(() => approve(deps, opened, { answer, approver }))) ? 'approved' : 'gone'
    },
    async deny(answer) {
      const opened = await read(answer)
      return opened && (await orUnavailable(() => deny(deps, opened, answer))) ? 'denied' : 'gone'
    },
  }
}

function open({ sealer }: ApprovalDeps, stored: StoredRequest): Opened {
  const { id, accountId, clientId, createdAt } = stored
  const { payload, value } = sealer.open(REQUEST, id, stored)
  if (value === undefined) throw new TypeError('a backchannel request keeps its value')
  const params = payload['params'] as Record<string, unknown>
  const { binding_message: message, max_age: maxAge } = params
  return {
    value,
    payload,
    pending: {
      id: id.toString('base64url'),
      clientId,
      accountId,
      bindingMessage: typeof message === 'string' ? message : undefined,
      asked: selectionOf(params),
      details: detailsOf(params),
      resources: resourcesOf(params),
      keepsAccess: keepsAccess(params),
      acrValues: askedAcr(params).values,
      signedInSince: maxAge === undefined ? undefined : new Date(createdAt.getTime() - Number(maxAge) * 1000),
      requestedAt: createdAt,
      expiresAt: stored.expiresAt,
    },
  }
}

function isMet({ acrValues, signedInSince }: PendingApproval, approver: Approver): boolean {
  if (!meets(approver.acr, acrValues)) return false
  // a sign-in at a provider that does not say when the person was there shows nothing recent
  const proofs = Object.values(approver.provenAt).map((at) => at * 1000)
  const last = proofs.length > 0 ? Math.max(...proofs) : approver.signedInAt.getTime()
  // proofs are noted in whole seconds
  return signedInSince === undefined || last + 1000 > signedInSince.getTime()
}

/** Returns false, and stores nothing, if there was another decision meanwhile. */
async function approve(
  { db, sealer, audit, provider }: ApprovalDeps,
  { pending, value, payload }: Opened,
  { answer, approver }: { answer: ApprovalAnswer; approver: Approver },
): Promise<boolean> {
  const { accountId, clientId, asked, details } = pending
  const grant = await grantFor(provider(), pending, payload['params'] as Record<string, unknown>)
  const decided = {
    ...payload,
    grantId: grant.value,
    acr: approver.acr,
    amr: approver.amr,
    authTime: Math.floor(lastProof(approver) / 1000),
    ...(details.length > 0 && { rar: details }),
  }
  return unlessDecided(db, async (trx) => {
    await createGrantStore(trx).put(grant.value, grant.payload, grant.ttlSeconds)
    await decide(trx, sealer, { pending, value, payload: decided })
    await createConsentStore(trx).add(accountId, clientId, asked)
    await audit.recordIn(trx, {
      ...eventOf(answer, pending),
      type: 'ciba.approved',
      outcome: 'success',
      detail: {
        openid_scopes: asked.openidScopes,
        resource_scopes: asked.resourceScopes,
        ...(details.length > 0 && { authorization_details_types: details.map(({ type }) => type) }),
      },
    })
  })
}

/** The time of the last proof, in epoch milliseconds. */
function lastProof({ signedInAt, provenAt }: Approver): number {
  return Math.max(signedInAt.getTime(), ...Object.values(provenAt).map((at) => at * 1000))
}

/** Returns false, and stores nothing, if there was another decision meanwhile. */
async function deny(
  { db, sealer, audit }: ApprovalDeps,
  { pending, value, payload }: Opened,
  answer: ApprovalAnswer,
): Promise<boolean> {
  const reason = 'the person did not allow it'
  const decided = { ...payload, error: 'access_denied', errorDescription: reason }
  return unlessDecided(db, async (trx) => {
    await decide(trx, sealer, { pending, value, payload: decided })
    await audit.recordIn(trx, { ...eventOf(answer, pending), type: 'ciba.denied', outcome: 'failure', reason })
  })
}

/** Rolls the transaction back. */
class Decided extends Error {}

/** Stores the decision and queues the notification. Throws Decided when there was one before. */
async function decide(trx: Queryable, sealer: PayloadSealer, { pending, value, payload }: Opened): Promise<void> {
  const row = toArtefactRow(sealer, { kind: REQUEST, value, payload, ttlSeconds: undefined })
  if (!(await createWaitingStore(trx).decide(row))) throw new Decided()
  const { clientId, accountId } = pending
  await queuePings(trx, [{ id: row.id, clientId, accountId }])
}

async function unlessDecided(db: Database, work: (trx: Queryable) => Promise<void>): Promise<boolean> {
  try {
    await db.transaction(work)
    return true
  } catch (error) {
    if (error instanceof Decided) return false
    throw error
  }
}

type NewGrant = new (properties: object) => Grant & {
  readonly expiration: number
  generateTokenId(): string
  getValueAndPayload(): Promise<{ value: string; payload: Payload }>
}

/** Returns a new grant of the request alone, so that revoking it ends the tokens of no other request. */
async function grantFor(provider: Provider, pending: PendingApproval, params: Record<string, unknown>) {
  const { accountId, clientId, asked, details } = pending
  const Model = provider.Grant as unknown as NewGrant
  const grant = new Model({ accountId, clientId, ...(details.length > 0 && { rar: details }) })
  addConsent(grant, asked, params)
  Object.assign(grant, { jti: grant.generateTokenId() })
  const { jti: _jti, exp: _exp, ...payload } = (await grant.getValueAndPayload()).payload
  return { value: grant.jti, payload, ttlSeconds: grant.expiration }
}

function eventOf(
  { by, accountId }: ApprovalAnswer,
  { clientId }: PendingApproval,
): Omit<AuditEvent, 'type' | 'outcome' | 'detail'> {
  return { ...by, clientId, accountId }
}
