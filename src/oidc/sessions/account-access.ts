/** Lists and ends the sessions and consents of an account, for its owner and for administrators. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import type { AuthorizationDetail } from '#resources/authorization-details.ts'
import { AppError } from '#shared/app-error.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { endRecordedSessions } from '../endings/recorded.ts'
import type { Endings } from '../endings/endings.ts'
import { refuseRequestsOf, removeRequestsOf } from '../grants/ciba/endings.ts'
import { queueSubjectLogouts } from '../sign-out/logout-notice.ts'
import { createAccountAccessStore } from './account-access-store.ts'
import { openSeenFrom, type SeenFrom } from './seen-from.ts'

export interface AccountSession {
  readonly uid: string
  readonly createdAt: Date
  readonly signedInAt: Date | undefined
  readonly expiresAt: Date
  /** When the engine last saw the session. Using an app does not count unless the app sends the browser here. */
  readonly lastUsedAt: Date | undefined
  /** The address and device of that use. */
  readonly seenFrom: SeenFrom | undefined
  /** The clients that were used in this session. */
  readonly clientIds: readonly string[]
}

export interface AccountConsent {
  readonly clientId: string
  readonly openidScopes: readonly string[]
  /** By the resource's identifier. */
  readonly resourceScopes: Readonly<Record<string, readonly string[]>>
  readonly grantedAt: Date
  /** Those of its tokens that can still be used. */
  readonly details: readonly AuthorizationDetail[]
}

/** 404: the account has no such session or consent, or no longer has it. */
export class AccessNotFound extends AppError {
  override readonly code: 'session_not_found' | 'consent_not_found'
  override readonly status = 404

  constructor(kind: 'session' | 'consent', accountId: string, id: string) {
    const what = kind === 'session' ? `session ${JSON.stringify(id)}` : `consent for the client ${JSON.stringify(id)}`
    super(`The account ${accountId} has no ${what}.`)
    this.code = `${kind}_not_found`
  }
}

export interface AccountAccess {
  /** Newest first. */
  sessions(accountId: string): Promise<AccountSession[]>
  /** Ends the session, with the tokens that do not outlive a logout. Throws AccessNotFound. */
  endSession(accountId: string, uid: string, by: AuditContext): Promise<void>
  /**
   * Signs a person out everywhere except in the session `keptUid`: ends their other sessions and every grant of other
   * sessions, including those that outlive a logout. Runs in the caller's transaction. Returns how many sessions ended.
   */
  endOthers(trx: Queryable, accountId: string, keptUid: string, by: AuditContext): Promise<number>
  /** Does the same in its own transaction. */
  signOutElsewhere(accountId: string, keptUid: string, by: AuditContext): Promise<number>
  /** Newest first. */
  consents(accountId: string): Promise<AccountConsent[]>
  /** Withdraws the consent and ends its grants and tokens. The client must ask again. Throws AccessNotFound. */
  withdrawConsent(accountId: string, clientId: string, by: AuditContext): Promise<void>
}

const READABLE = /^[\x21-\x7E]{1,128}$/

interface AccountAccessDeps {
  readonly db: Database
  readonly audit: Audit
  readonly endings: Endings
  readonly keyring: Pick<Keyring, 'open'>
}

export function createAccountAccess(deps: AccountAccessDeps): AccountAccess {
  const store = createAccountAccessStore(deps.db)
  return {
    async sessions(accountId) {
      return (await store.listSessions(accountId)).map((row) => ({
        uid: row.uid,
        createdAt: row.created_at,
        signedInAt: row.signed_in_at ?? undefined,
        expiresAt: row.expires_at,
        lastUsedAt: row.last_used_at ?? undefined,
        seenFrom: openSeenFrom(deps.keyring, row.uid, row.seen_from),
        clientIds: row.client_ids,
      }))
    },
    async consents(accountId) {
      return (await store.listConsents(accountId)).map((row) => ({
        clientId: row.client_id,
        openidScopes: row.openid_scopes,
        resourceScopes: row.resource_scopes,
        grantedAt: row.granted_at,
        details: row.authorization_details,
      }))
    },
    endSession: (accountId, uid, by) => endSession(deps, accountId, uid, by),
    endOthers: (trx, accountId, keptUid, by) => endOthers(deps, trx, { accountId, keptUid, by }),
    signOutElsewhere: (accountId, keptUid, by) =>
      deps.db.transaction((trx) => endOthers(deps, trx, { accountId, keptUid, by })),
    withdrawConsent: (accountId, clientId, by) => withdrawConsent(deps, accountId, clientId, by),
  }
}

/**
 * Ends all sessions, grants and backchannel requests of an account, in the transaction that disables or deletes it, resets its password or
 * accepts its invitation. When the account is enabled again, tokens stolen before stay invalid. Clients that were used
 * only in sessions that are over already are told as well: the person may still be signed in there.
 */
export async function endAccountAccess(
  { endSessions, endGrants }: Endings,
  trx: Queryable,
  accountId: string,
  reason: 'account_disabled' | 'account_deleted' | 'password_reset' | 'invitation_accepted',
): Promise<void> {
  await refuseRequestsOf(trx, accountId)
  const store = createAccountAccessStore(trx)
  const clientIds = await store.clientsWithGrant(accountId)
  const sessions = await endSessions(trx, { accountId }, reason)
  await endGrants(trx, { accountId }, reason)
  for (const { clientId } of sessions.flatMap(({ clients }) => clients)) clientIds.delete(clientId)
  await queueSubjectLogouts(trx, accountId, clientIds)
  if (reason === 'account_deleted') await store.forgetConsents(accountId)
}

/** Ends all consents, grants and backchannel requests of a client, in the transaction that deletes it. */
export async function endClientAccess(
  { endGrants }: Pick<Endings, 'endGrants'>,
  trx: Queryable,
  clientId: string,
): Promise<void> {
  await removeRequestsOf(trx, clientId)
  await createAccountAccessStore(trx).forgetConsentsFor(clientId)
  await endGrants(trx, { clientId }, 'client_deleted')
}

async function endSession(deps: AccountAccessDeps, accountId: string, uid: string, by: AuditContext) {
  const isOwn = by.actor.kind === 'account' && by.actor.id === accountId
  const reason = isOwn ? 'ended_by_person' : 'ended_by_administrator'
  await deps.db.transaction(async (trx) => {
    const selection = { accountId, uid }
    const ended = READABLE.test(uid) ? await endRecordedSessions(deps, trx, selection, { reason, by }) : []
    if (ended.length === 0) throw new AccessNotFound('session', accountId, uid)
  })
}

async function endOthers(
  deps: Pick<AccountAccessDeps, 'audit' | 'endings'>,
  trx: Queryable,
  { accountId, keptUid, by }: { accountId: string; keptUid: string; by: AuditContext },
): Promise<number> {
  const reason = 'signed_out_elsewhere'
  const others = { accountId, keptUid }
  const ended = await endRecordedSessions(deps, trx, others, { reason, by })
  // also the grants that outlive a logout, and those of sessions that have already ended
  await deps.endings.endGrants(trx, others, reason)
  await deps.audit.recordIn(trx, {
    ...by,
    type: 'session.others_ended',
    outcome: 'success',
    accountId,
    subject: { kind: 'account', id: accountId },
    detail: { sessions: ended.length },
  })
  return ended.length
}

async function withdrawConsent(
  { db, audit, endings }: AccountAccessDeps,
  accountId: string,
  clientId: string,
  by: AuditContext,
): Promise<void> {
  await db.transaction(async (trx) => {
    const gone = READABLE.test(clientId) && (await createAccountAccessStore(trx).withdrawConsent(accountId, clientId))
    if (!gone) throw new AccessNotFound('consent', accountId, clientId)
    await endings.endGrants(trx, { accountId, clientId }, 'consent_withdrawn')
    await audit.recordIn(trx, {
      ...by,
      type: 'consent.withdrawn',
      outcome: 'success',
      accountId,
      clientId,
      subject: { kind: 'account', id: accountId },
    })
  })
}
