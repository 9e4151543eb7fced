/** The row for upstream providers in the registry of sign-in methods. */
import { buttonLink } from '#pages/design/components.ts'
import type { SignInMethod } from '#sign-in/sign-in-method.ts'
import { LINK_CREDENTIALS } from './link-store.ts'
import type { Upstream } from './upstream.ts'

/** The step that leads to a provider. The provider's id follows in the path. */
export const UPSTREAM_STEP = 'upstream'

export const UPSTREAM = {
  name: 'federated',
  // the provider's assertion counts as one factor here, however the person signed in there (NIST SP 800-63B-4 §3.1.3.1)
  kinds: ['knowledge'],
  phishingResistant: false,
  amr: { always: ['fed'] },
  first: true,
  // the provider may recognize a session of its own
  remote: true,
  credentials: LINK_CREDENTIALS,
} as const satisfies SignInMethod

export function createUpstreamMethod(offered: () => Promise<readonly Upstream[]>): SignInMethod {
  return {
    ...UPSTREAM,
    async offers({ continueWith, pathOf }) {
      return (await offered()).map(({ id, name }) => ({
        content: buttonLink({
          href: `${pathOf(UPSTREAM_STEP)}/${encodeURIComponent(id)}`,
          label: continueWith(name),
        }),
      }))
    },
  }
}
