/** Assembles the room: sign-in with upstream providers, and the service that stores the providers. */
import type { Accounts } from '#accounts/account.ts'
import type { Audit } from '#audit/audit.ts'
import type { Database, Notifications } from '#database/database.ts'
import type { Keyring } from '#sealing/keyring.ts'
import type { Clock } from '#shared/clock.ts'
import type { AssertNotLastCredential } from '#sign-in/last-credential.ts'
import { createUpstreamMethod } from './method.ts'
import { callbackPathOf, UPSTREAM_SIGNED_OUT_PATH } from './paths.ts'
import { createUpstreamSignIn, type UpstreamSignInDeps } from './sign-in.ts'
import { createProviders, type ProvidersDeps } from './upstream-client.ts'
import { createUpstreamRequests } from './requests.ts'
import { createUpstreams, type UpstreamsDeps } from './upstreams.ts'

export interface FederationDeps {
  readonly db: Database
  readonly notifications: Notifications
  readonly audit: Audit
  readonly keyring: Keyring
  readonly clock: Clock
  /** Our own issuer identifier. */
  readonly issuer: string
  readonly allowHttp: UpstreamsDeps['allowHttp']
  readonly accounts: Accounts
  readonly mail: UpstreamSignInDeps['mail']
  readonly isReserved: UpstreamSignInDeps['isReserved']
  readonly assertNotLastCredential: AssertNotLastCredential
  readonly fetch: ProvidersDeps['fetch']
}

export function createFederation(deps: FederationDeps) {
  const upstreams = createUpstreams(deps)
  const base = deps.issuer.replace(/\/$/, '')
  const redirectUriOf: ProvidersDeps['redirectUriOf'] = (upstream) => base + callbackPathOf(upstream)
  const requests = createUpstreamRequests(deps.db, deps.keyring)
  const upstreamSignIn = createUpstreamSignIn({
    ...deps,
    upstreams,
    providers: createProviders({ ...deps, upstreams, redirectUriOf }),
    requests,
    signedOutUri: base + UPSTREAM_SIGNED_OUT_PATH,
  })
  return {
    upstreams,
    upstreamSignIn,
    method: createUpstreamMethod(upstreams.offered),
    /** Deletes expired requests and offers. Returns the number of rows by table, or undefined when there were none. */
    async removeExpired(): Promise<Record<string, number> | undefined> {
      const rows = await requests.removeExpired()
      return rows > 0 ? { upstream_requests: rows } : undefined
    },
  }
}
