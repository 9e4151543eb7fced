/** The settings that must never be logged or shown. */
import type { Settings } from './config.ts'
import type { SecretName } from './variables.ts'

export interface Secrets extends Omit<Settings<SecretName>, 'masterKeys'> {
  /** 32 bytes each. The first seals, all open. Empty only when `loadConfig` ran with `masterKeys: 'none'`. */
  readonly masterKeys: readonly Uint8Array[]
}
