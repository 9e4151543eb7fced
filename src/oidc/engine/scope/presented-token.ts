/** The token that was sent to introspection or revocation. */
import type { AuditEvent } from '#audit/audit.ts'

export interface PresentedToken {
  /** A JWT, which the engine itself would refuse. */
  structured: string | undefined
  /** The event that the removal of the token writes along; given once, and at the revocation endpoint alone. */
  readonly revokedEvent: () => AuditEvent[]
}
