/** Request state: the token that was sent to introspection or revocation. */
import type { AuditEvent } from '#audit/audit.ts'

export interface PresentedToken {
  /** The token when it is a JWT, which the engine itself would refuse. */
  structured: string | undefined
  /** Returns the audit event to write when the token is removed. Only at the revocation endpoint, and only once. */
  readonly revokedEvent: () => AuditEvent[]
}
