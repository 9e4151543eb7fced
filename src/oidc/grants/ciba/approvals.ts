/**
 * The interface for the pages where a person answers what a client asks of them without a browser (CIBA, OpenID Connect
 * Client-Initiated Backchannel Authentication Core 1.0). The account page and mails use it.
 */
import type { AuditContext } from '#audit/audit.ts'
import type { Queryable } from '#database/database.ts'
import type { AuthorizationDetail } from '#resources/authorization-details.ts'
import type { ScopeSelection } from '../../interactions/interaction-gateway.ts'
import type { BrowserSession } from '../../sessions/browser-session.ts'

/** A request that waits for its person. */
export interface PendingApproval {
  /** Names the request in URLs and forms of the account page. No secret: only the person's own session can answer. */
  readonly id: string
  readonly clientId: string
  readonly accountId: string
  /** What the client shows too, so that the person can compare (CIBA §7.1). Plain text of one line. */
  readonly bindingMessage: string | undefined
  /** The requested scopes. The person allows all or nothing. */
  readonly asked: ScopeSelection
  readonly details: readonly AuthorizationDetail[]
  /** The identifiers of the requested resources. */
  readonly resources: readonly string[]
  /** Whether its tokens can be renewed while the person is away (`offline_access`). */
  readonly keepsAccess: boolean
  /** The requested classes of the sign-in (`acr_values` and the `acr` claim). */
  readonly acrValues: readonly string[]
  /** The person must have signed in at this time or later (`max_age`). Undefined when any sign-in will do. */
  readonly signedInSince: Date | undefined
  readonly requestedAt: Date
  readonly expiresAt: Date
}

/** How the person who answers has signed in. */
export type Approver = Pick<BrowserSession, 'acr' | 'amr' | 'signedInAt' | 'provenAt'>

/** Which request is answered, by whom. */
export interface ApprovalAnswer extends Pick<PendingApproval, 'accountId' | 'id'> {
  /** The actor is the person. */
  readonly by: AuditContext
}

export interface Approvals {
  /** Returns the requests that wait for the person, newest first. */
  list(accountId: string): Promise<readonly PendingApproval[]>
  /** Undefined when it is decided, expired, of another person or unknown. */
  find(accountId: string, id: string): Promise<PendingApproval | undefined>
  /** Whether the sign-in is as strong and as recent as the request asks. If not, the person has to sign in again. */
  isMet(pending: PendingApproval, approver: Approver): boolean
  /**
   * Approves a request, with a grant of its own, the consent and the audit event, in one transaction. `gone`: it was
   * decided before, has expired or is unknown. `unmet`: nothing is decided, see `isMet`.
   */
  approve(answer: ApprovalAnswer, approver: Approver): Promise<'approved' | 'gone' | 'unmet'>
  /** Refuses it; the client gets `access_denied`. */
  deny(answer: ApprovalAnswer): Promise<'denied' | 'gone'>
}

/**
 * Called in the transaction that stores a request. `accountId` may be the id of nobody, for a request with a hint that
 * fits no account: such a request is stored, too, and must cost the same (decision 0032). So a subscriber looks up
 * nothing; it adds to the outbox, and the task finds whether there is somebody to tell.
 */
export type ApprovalSubscriber = (trx: Queryable, requested: Pick<PendingApproval, 'accountId' | 'id'>) => Promise<void>
