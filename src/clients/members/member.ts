/** What a row of client metadata says, and what its rule sees of the client that is being checked. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { Offers, Profile, ProfileRow } from '../profiles.ts'

/** What a value must be, whatever the other members are. */
export interface ValueRule {
  readonly fits: (value: unknown) => boolean
  /** What would be right, in words. */
  readonly expected: string
}

export interface MetadataOptions {
  /** Hosts whose keys may be fetched over plain http. */
  readonly allowHttpJwksUri: (host: string) => boolean
  readonly offers: Offers
}

/** A client that is being checked. */
export interface Draft {
  readonly profile: Profile
  readonly rules: ProfileRow
  /** Members by name. A refused value is removed, so that it is reported once. */
  readonly values: Map<string, unknown>
  readonly faults: Fault[]
  readonly options: MetadataOptions
  /** OpenID scopes that stay unless others are given; undefined for those of the profile. */
  readonly presentScopes: readonly string[] | undefined
}

export interface Member {
  readonly name: string
  /** For people who register clients. */
  readonly meaning: string
  /** JSON Schema of its value. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly value?: ValueRule
  /**
   * Completes the member, or refuses it beside the profile and other members. Runs in the order of the registry, after
   * all values were taken; faults are pushed.
   */
  readonly settle?: (draft: Draft) => void
  /** What is meant when it is absent. It is not stored. */
  readonly default?: string | boolean
  /** Members that it follows from: a change of one of these drops it, unless it is given too. */
  readonly dependsOn?: readonly string[]
  /** A change of the profile leaves it alone; any other member is dropped. */
  readonly keptAcrossProfiles?: true
  /** RFC 7591 §2.2: may be given in several languages, as `client_name#ko`. */
  readonly translatable?: true
  /** What the server must offer before it may be true. */
  readonly needs?: 'dpop'
}

/** Pushes a fault about the present value of a member. */
export function refuse({ values, faults }: Draft, field: string, expected: string): void {
  faults.push({ field, given: shown(values.get(field)), expected })
}

/** The value of a member, or `fallback` when it is absent or none of `allowed`; a wrong one is a fault. */
export function oneOf(
  { profile, values, faults }: Draft,
  field: string,
  allowed: readonly string[],
  fallback: string | undefined,
): unknown {
  const given = values.get(field) ?? fallback
  if (allowed.some((value) => value === given)) return given
  faults.push({ field, given: shown(given), expected: `for ${profile} ${allowed.join(', ')}` })
  return fallback
}

export function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
