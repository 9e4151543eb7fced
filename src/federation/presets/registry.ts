/** The presets by name. A preset is a file here, and one line below. */
import type { Upstream } from '../upstream.ts'
import { APPLE } from './apple.ts'
import { GITHUB } from './github.ts'
import { GITLAB } from './gitlab.ts'
import { GOOGLE } from './google.ts'
import { KEYCLOAK } from './keycloak.ts'
import { MICROSOFT } from './microsoft.ts'
import { OKTA } from './okta.ts'
import { OPENID } from './openid.ts'
import type { Preset, ProviderTraits } from './preset.ts'

export const PRESETS = {
  google: GOOGLE,
  microsoft: MICROSOFT,
  apple: APPLE,
  github: GITHUB,
  gitlab: GITLAB,
  okta: OKTA,
  keycloak: KEYCLOAK,
} as const satisfies Record<string, Preset>

export const PRESET_NAMES = Object.keys(PRESETS) as readonly (keyof typeof PRESETS)[]

export function presetOf(name: unknown): Preset | undefined {
  return typeof name === 'string' && Object.hasOwn(PRESETS, name) ? PRESETS[name as keyof typeof PRESETS] : undefined
}

/** Returns how a provider behaves: as its preset says, or as an OpenID provider does without one. */
export function traitsOf({ preset }: Pick<Upstream, 'preset'>): ProviderTraits {
  return presetOf(preset) ?? OPENID
}
