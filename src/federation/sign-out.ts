/** Signs people out at their provider too, and then sends them to their original destination. */
import type { Clock } from '#shared/clock.ts'
import { type Keyring, SealError } from '#sealing/keyring.ts'
import type { UpstreamSignIn } from './upstream-sign-in.ts'
import type { Providers } from './upstream-client.ts'
import type { Upstream } from './upstream.ts'

const PURPOSE = 'upstream-sign-out'
const CONTEXT = 'state'
const LIFETIME_MS = 10 * 60 * 1000

export interface UpstreamSignOutDeps {
  readonly providers: Pick<Providers, 'endSessionUrl'>
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly clock: Clock
  /** `<issuer>/upstream/signed-out`, the same for all providers. */
  readonly signedOutUri: string
}

export function createUpstreamSignOut(
  { providers, keyring, clock, signedOutUri }: UpstreamSignOutDeps,
  findOffered: (id: string) => Promise<Upstream | undefined>,
): Pick<UpstreamSignIn, 'signOutUrl' | 'afterSignOut'> {
  return {
    async signOutUrl(id, returnTo) {
      const upstream = await findOffered(id)
      if (!upstream?.logout) return undefined
      const content = JSON.stringify({ returnTo, until: clock.now().getTime() + LIFETIME_MS })
      // RP-Initiated Logout 1.0 §2: names the client, because the ID token is not kept
      return providers.endSessionUrl(upstream, {
        client_id: upstream.clientId,
        post_logout_redirect_uri: signedOutUri,
        state: keyring.seal(PURPOSE, content, CONTEXT).toString('base64url'),
      })
    },

    afterSignOut(state) {
      try {
        const content = keyring.open(PURPOSE, Buffer.from(state, 'base64url'), CONTEXT).toString()
        const { returnTo, until } = JSON.parse(content) as { returnTo: string; until: number }
        return clock.now().getTime() < until ? returnTo : undefined
      } catch (error) {
        if (error instanceof SealError) return undefined
        throw error
      }
    },
  }
}
