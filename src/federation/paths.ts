/** The paths, below the issuer, to which upstream providers send people back. */
import type { Upstream } from './upstream.ts'

/** After a sign-in. The id of the provider follows, except for providers that share one redirect URI. */
export const UPSTREAM_CALLBACK_PATH = '/upstream/callback'
/** After a sign-out. */
export const UPSTREAM_SIGNED_OUT_PATH = '/upstream/signed-out'

/** Returns the path for the answers of a provider (RFC 9700 §4.4). */
export function callbackPathOf({ id, ownRedirect }: Pick<Upstream, 'id' | 'ownRedirect'>): string {
  return ownRedirect ? `${UPSTREAM_CALLBACK_PATH}/${id}` : UPSTREAM_CALLBACK_PATH
}
