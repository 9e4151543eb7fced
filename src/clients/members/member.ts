/** The shape of the row of a client metadata member, and of the client draft that its rule checks. */
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import type { ClientOrigin } from '../client.ts'
import type { Offers, Profile, ProfileRow } from '../profiles.ts'

/** A rule for a value that does not depend on other members. */
export interface ValueRule {
  readonly fits: (value: unknown) => boolean
  /** A description of valid values, for errors. */
  readonly expected: string
}

export interface MetadataOptions {
  /** Hosts whose keys may be fetched over plain http. */
  readonly allowHttpJwksUri: (host: string) => boolean
  readonly offers: Offers
  /** Private-use schemes without a dot that redirect URIs of clients without an administrator may have. */
  readonly selfRegisteredSchemes: readonly string[]
}

/** A client that is being checked. */
export interface Draft {
  readonly profile: Profile
  readonly origin: ClientOrigin
  readonly rules: ProfileRow
  /** Members by name. A refused value is removed, so that it is reported once. */
  readonly values: Map<string, unknown>
  /** The members with several values, by name. */
  readonly offered: Map<string, unknown>
  readonly faults: Fault[]
  readonly options: MetadataOptions
  /** OpenID scopes that are kept unless others are given; undefined when those of the profile apply. */
  readonly presentScopes: readonly string[] | undefined
}

export interface Member {
  readonly name: string
  /** A description for people who register clients. */
  readonly meaning: string
  /** JSON Schema of its value. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly value?: ValueRule
  /**
   * Completes the member, or checks it against the profile and other members. Runs in the order of the registry, after
   * all values have been taken. Pushes what is wrong to `faults`.
   */
  readonly settle?: (draft: Draft) => void
  /** The value when the member is absent. A member with this value is not stored. */
  readonly default?: string | boolean
  /** Members that it depends on. Changing one of them drops it, unless it is given too. */
  readonly dependsOn?: readonly string[]
  /** Kept when the profile changes. Other members are dropped. */
  readonly keptAcrossProfiles?: true
  /** RFC 7591 §2.2: may be given in several languages, as `client_name#ko`. */
  readonly translatable?: true
  /**
   * The member with several values of which the server chooses one (OpenID Connect RP Metadata Choices 1.0 §2), and those
   * that it supports. Both are only for registration; the chosen value is stored.
   */
  readonly choices?: {
    readonly name: string
    /** Undefined when the member has no meaning for the client. */
    readonly supported: (draft: Draft) => readonly string[] | undefined
  }
  /** The feature that the server must offer for it to be true. */
  readonly needs?: 'dpop' | 'mtls'
}

/** Pushes a fault for the current value of a member. */
export function refuse({ values, faults }: Draft, field: string, expected: string): void {
  faults.push({ field, given: shown(values.get(field)), expected })
}

/**
 * Returns the value of a member, or `fallback` when it is absent or not in `allowed`. Pushes a fault for a wrong value.
 */
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
