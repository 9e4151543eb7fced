/** Puts together how people sign in by upstream providers, and how those are kept. */
import type { Accounts } from '#accounts/account.ts'
import type { Keyring } from '#sealing/keyring.ts'
import { createAttempts } from '#sign-in/attempts.ts'
import { createUpstreamMethod } from './method.ts'
import { createUpstreamSignIn, type UpstreamSignInDeps } from './sign-in.ts'
import { createProviders, type ProvidersDeps } from './upstream-client.ts'
import { createUpstreamRequests } from './requests.ts'
import { createUpstreams, type UpstreamsDeps } from './upstreams.ts'

/** Where providers send people back to, below the issuer; the same for all, so it is registered once with each. */
export const UPSTREAM_CALLBACK_PATH = '/upstream/callback'
/** Where providers send people back to after a sign-out there. */
export const UPSTREAM_SIGNED_OUT_PATH = '/upstream/signed-out'

export interface FederationDeps
  extends
    Omit<UpstreamsDeps, 'keyring'>,
    Pick<UpstreamSignInDeps, 'mail' | 'isReserved' | 'assertNotLastCredential'>,
    Pick<ProvidersDeps, 'fetch'> {
  readonly accounts: Accounts
  readonly keyring: Keyring
}

export function createFederation(deps: FederationDeps) {
  const upstreams = createUpstreams(deps)
  const base = deps.issuer.replace(/\/$/, '')
  const redirectUri = base + UPSTREAM_CALLBACK_PATH
  const requests = createUpstreamRequests(deps.db, deps.keyring)
  const upstreamSignIn = createUpstreamSignIn({
    ...deps,
    attempts: createAttempts(deps),
    upstreams,
    providers: createProviders({ ...deps, upstreams, redirectUri }),
    requests,
    signedOutUri: base + UPSTREAM_SIGNED_OUT_PATH,
  })
  return {
    upstreams,
    upstreamSignIn,
    method: createUpstreamMethod(upstreams.offered),
    /** What nobody can go on with any more; rows by table, undefined when there were none. */
    async removeExpired(): Promise<Record<string, number> | undefined> {
      const rows = await requests.removeExpired()
      return rows > 0 ? { upstream_requests: rows } : undefined
    },
  }
}
