/** What a person has open, for those who watch over it: browser sessions, and what was allowed to which client. */
import type { Audit, AuditContext } from '#audit/audit.ts'
import type { Database, Queryable } from '#database/database.ts'
import { AppError } from '#shared/app-error.ts'
import { createAccountAccessStore } from './account-access-store.ts'

export interface AccountSession {
  readonly uid: string
  readonly createdAt: Date
  readonly signedInAt: Date | undefined
  readonly expiresAt: Date
  /** The clients that were signed in to by it. */
  readonly clientIds: readonly string[]
}

export interface AccountConsent {
  readonly clientId: string
  readonly openidScopes: readonly string[]
  /** By the resource's identifier. */
  readonly resourceScopes: Readonly<Record<string, readonly string[]>>
  readonly grantedAt: Date
}

/** 404: the account has no such session or consent (any more). */
export class AccessNotFound extends AppError {
  override readonly code: 'session_not_found' | 'consent_not_found'
  override readonly status = 404

  constructor(kind: 'session' | 'consent', accountSub: string, id: string) {
    const what = kind === 'session' ? `session ${JSON.stringify(id)}` : `consent for the client ${JSON.stringify(id)}`
    super(`The account ${accountSub} has no ${what}.`)
    this.code = `${kind}_not_found`
  }
}

export interface AccountAccess {
  /** Newest first. */
  sessions(accountSub: string): Promise<AccountSession[]>
  /** Ends it for good, with the tokens that do not outlive a logout. Throws AccessNotFound. */
  endSession(accountSub: string, uid: string, by: AuditContext): Promise<void>
  /** Newest first. */
  consents(accountSub: string): Promise<AccountConsent[]>
  /** Withdraws it, with every token that was got by it; the client must ask again. Throws AccessNotFound. */
  withdrawConsent(accountSub: string, clientId: string, by: AuditContext): Promise<void>
}

const READABLE = /^[\x21-\x7E]{1,128}$/

interface AccountAccessDeps {
  readonly db: Database
  readonly audit: Audit
}

export function createAccountAccess(deps: AccountAccessDeps): AccountAccess {
  const store = createAccountAccessStore(deps.db)
  return {
    async sessions(accountSub) {
      return (await store.listSessions(accountSub)).map((row) => ({
        uid: row.uid,
        createdAt: row.created_at,
        signedInAt: row.signed_in_at ?? undefined,
        expiresAt: row.expires_at,
        clientIds: row.client_ids,
      }))
    },
    async consents(accountSub) {
      return (await store.listConsents(accountSub)).map((row) => ({
        clientId: row.client_id,
        openidScopes: row.openid_scopes,
        resourceScopes: row.resource_scopes,
        grantedAt: row.granted_at,
      }))
    },
    endSession: (accountSub, uid, by) => endSession(deps, accountSub, uid, by),
    withdrawConsent: (accountSub, clientId, by) => withdrawConsent(deps, accountSub, clientId, by),
  }
}

/**
 * Ends all that a person has open, in the transaction that disables or deletes the account. An account that is enabled
 * again starts anew: what was stolen before does not come back with it.
 */
export async function endAccountAccess(trx: Queryable, accountSub: string, how: 'disabled' | 'deleted'): Promise<void> {
  const store = createAccountAccessStore(trx)
  await store.endAll(accountSub)
  if (how === 'deleted') await store.forgetConsents(accountSub)
}

/** Ends all that was allowed to a client, in the transaction that deletes it. */
export async function endClientAccess(trx: Queryable, clientId: string): Promise<void> {
  await createAccountAccessStore(trx).forgetClient(clientId)
}

async function endSession({ db, audit }: AccountAccessDeps, accountSub: string, uid: string, by: AuditContext) {
  await db.transaction(async (trx) => {
    const ended = READABLE.test(uid) && (await createAccountAccessStore(trx).endSession(accountSub, uid))
    if (!ended) throw new AccessNotFound('session', accountSub, uid)
    await audit.recordIn(trx, {
      ...by,
      type: 'session.ended',
      outcome: 'success',
      accountId: accountSub,
      subject: { kind: 'session', id: uid },
      reason: 'ended by an administrator',
    })
  })
}

async function withdrawConsent(
  { db, audit }: AccountAccessDeps,
  accountSub: string,
  clientId: string,
  by: AuditContext,
): Promise<void> {
  await db.transaction(async (trx) => {
    const gone = READABLE.test(clientId) && (await createAccountAccessStore(trx).withdrawConsent(accountSub, clientId))
    if (!gone) throw new AccessNotFound('consent', accountSub, clientId)
    await audit.recordIn(trx, {
      ...by,
      type: 'consent.withdrawn',
      outcome: 'success',
      accountId: accountSub,
      clientId,
      subject: { kind: 'account', id: accountSub },
    })
  })
}
