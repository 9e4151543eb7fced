/** The registry of the routes: one line for each kind of object that the admin API serves. */
import type { Accounts } from '#accounts/account.ts'
import type { Subjects } from '#clients/subjects.ts'
import type { Audit } from '#audit/audit.ts'
import type { Clients } from '#clients/client.ts'
import type { ClientDocuments } from '#clients/documents/documents.ts'
import type { InitialAccessTokens } from '#clients/registration/registration.ts'
import type { ClientKeys } from '#clients/managed-keys.ts'
import type { Offers } from '#clients/profiles.ts'
import type { AccountAccess } from '#oidc/sessions/account-access.ts'
import type { Resources } from '#resources/resource.ts'
import type { Settings } from '#settings/settings.ts'
import type { Upstreams } from '#federation/upstream.ts'
import type { Passwords } from '#sign-in/password/password.ts'
import type { MasterKeys } from '#sealing/master-keys.ts'
import type { SigningKeys } from '#signing-keys/signing-key.ts'
import type { Invitations } from '#verification/invitation/invitations.ts'
import type { PasswordReset } from '#verification/password-reset.ts'
import { accountFactorRoutes, type AccountFactorRoutesDeps } from './accounts/factor-routes.ts'
import { accountMailRoutes } from './accounts/mail-routes.ts'
import { accountRoutes } from './accounts/routes.ts'
import { auditRoutes } from './audit/routes.ts'
import { clientRoutes } from './clients/routes.ts'
import { grantRoutes } from './grants/routes.ts'
import { keyRoutes } from './keys/routes.ts'
import { registrationTokenRoutes } from './registration-tokens/routes.ts'
import { resourceRoutes } from './resources/routes.ts'
import type { Route } from './route.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { settingsRoutes } from './settings/routes.ts'
import { upstreamRoutes } from './upstreams/routes.ts'

export interface AdminServices {
  readonly clients: Clients
  readonly clientKeys: Pick<ClientKeys, 'report' | 'refetch'>
  readonly documents: Pick<ClientDocuments, 'state' | 'refetch'>
  readonly initialAccessTokens: InitialAccessTokens
  readonly offers: Offers
  readonly resources: Resources
  readonly accounts: Accounts
  readonly subjects: Subjects
  readonly passwords: Pick<Passwords, 'check' | 'prepare'>
  readonly accountAccess: AccountAccess
  readonly signingKeys: SigningKeys
  readonly masterKeys: MasterKeys
  readonly settings: Settings
  readonly upstreams: Upstreams
  readonly passwordReset: Pick<PasswordReset, 'start'>
  readonly invitations: Pick<Invitations, 'send'>
  readonly unlockFactors: AccountFactorRoutesDeps['unlockFactors']
  readonly audit: Audit
}

export interface AdminRoutesDeps extends AdminServices {
  /** The identifier of this API. */
  readonly adminResource: string
}

const REGISTRY: readonly ((services: AdminRoutesDeps) => Route[])[] = [
  clientRoutes,
  registrationTokenRoutes,
  resourceRoutes,
  accountRoutes,
  accountMailRoutes,
  accountFactorRoutes,
  sessionRoutes,
  grantRoutes,
  keyRoutes,
  settingsRoutes,
  upstreamRoutes,
  auditRoutes,
]

/** Returns the route table. */
export function adminRoutes(services: AdminRoutesDeps): Route[] {
  return REGISTRY.flatMap((routesOf) => routesOf(services))
}
