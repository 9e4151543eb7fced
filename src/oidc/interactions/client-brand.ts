/** Reads the look of a client on the pages of its sign-in from its metadata. */
import type { InteractionClient } from './interaction-gateway.ts'

export function brandOf({
  signet_logo: logo,
  signet_accent: accent,
}: Record<string, unknown>): InteractionClient['brand'] {
  return { ...(typeof logo === 'string' ? { logo } : {}), ...(typeof accent === 'string' ? { accent } : {}) }
}
