/** What registration and management of clients by themselves work with. */
import type { ClientChangeDeps } from '../client-changes.ts'
import type { RegistrationSettings } from './registration.ts'
import type { SoftwareStatements } from './software-statement.ts'

export interface RegistrationDeps extends ClientChangeDeps {
  readonly registration: () => RegistrationSettings
  readonly statements: SoftwareStatements
  /** Drops a client from the cache of this process. */
  readonly forget: (id: string) => void
}

/** Counted for what a client of a stranger stores. So an address registers some hundred clients an hour. */
export const COUNTED_BYTES = 64 * 1024
