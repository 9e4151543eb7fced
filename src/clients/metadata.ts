/** Checks the metadata of a client against its profile and completes it. All faults are reported at once. */
import { shown } from '#shared/shown.ts'
import type { Client } from './client.ts'
import { type Draft, isStringArray, type Member } from './members/member.ts'
import { CHOICES, MEMBERS, memberOf, unknownMember } from './members/registry.ts'
import { type Profile, PROFILES } from './profiles.ts'

type Values = Record<string, unknown>
type Before = Pick<Client, 'profile' | 'metadata' | 'openidScopes'>
type Context = Pick<Draft, 'origin' | 'faults' | 'options'>

export interface CheckedMetadata {
  readonly metadata: Values
  readonly openidScopes: readonly string[]
}

/**
 * Returns the members of `before` with those of `given` on top. Null removes a member, so that the profile's default
 * applies again. Pushes what is wrong to `faults`; the result is valid only when there are none.
 */
export function checkMetadata(
  profile: Profile,
  given: Readonly<Values>,
  before: Before | undefined,
  context: Context,
): CheckedMetadata {
  const draft: Draft = {
    profile,
    rules: PROFILES[profile],
    values: new Map(before ? carried(profile, given, before) : []),
    offered: new Map(),
    presentScopes: before?.profile === profile && given.scope !== null ? before.openidScopes : undefined,
    ...context,
  }
  takeMembers(draft, given)
  checkFixed(draft)
  for (const member of MEMBERS) {
    choose(draft, member)
    member.settle?.(draft)
  }
  const { scope, ...metadata } = Object.fromEntries(draft.values)
  return { metadata: withoutDefaults(metadata), openidScopes: scope as string[] }
}

/** Returns the members of `before` that a change keeps. */
function carried(profile: Profile, given: Readonly<Values>, before: Before): [string, unknown][] {
  const isGiven = (name: string) => given[name] !== null && given[name] !== undefined
  return Object.entries(before.metadata).filter(([name]) => {
    // a member that only a newer release knows is kept as long as the profile stays the same
    const { dependsOn = [], keptAcrossProfiles }: Partial<Member> = memberOf(name) ?? {}
    return !dependsOn.some(isGiven) && (before.profile === profile || keptAcrossProfiles)
  })
}

function takeMembers({ values, offered, faults, options }: Draft, given: Readonly<Values>): void {
  for (const [name, value] of Object.entries(given)) {
    const member = memberOf(name)
    if (CHOICES.has(name)) {
      if (value !== null && value !== undefined) offered.set(name, value)
    } else if (!member) {
      const secret = name === 'client_secret' || name.endsWith('_token')
      const field = name.slice(0, 100).toWellFormed()
      faults.push({ field, given: secret ? '(not shown)' : shown(value), expected: unknownMember(name) })
    } else if (value === null || value === undefined) {
      values.delete(name)
    } else if (value === true && member.needs !== undefined && !options.offers[member.needs]) {
      faults.push({ field: name, given: true, expected: 'nothing here: this server does not offer it' })
    } else if (member.value?.fits(value) === false) {
      values.delete(name)
      faults.push({ field: name, given: shown(value), expected: member.value.expected })
    } else {
      values.set(name, value)
    }
  }
}

/**
 * Takes the first value that the server supports of a member with several (OpenID Connect RP Metadata Choices 1.0 §2).
 * A single value beside it must be among them.
 */
function choose(draft: Draft, { name, choices }: Member): void {
  const { values, offered, faults } = draft
  const given = choices && offered.get(choices.name)
  const supported = choices?.supported(draft)
  if (!choices || given === undefined || supported === undefined) return
  const single = values.get(name)
  const acceptable = single === undefined ? supported : supported.filter((value) => value === single)
  const chosen = isStringArray(given) ? given.find((value) => acceptable.includes(value)) : undefined
  if (chosen !== undefined) values.set(name, chosen)
  else
    faults.push({
      field: choices.name,
      given: shown(given),
      expected: `an array with ${expectedOf(name, single, supported)}`,
    })
}

function expectedOf(name: string, single: unknown, supported: readonly string[]): string {
  return single === undefined ? `some of ${supported.join(', ')}` : `the value of ${name}`
}

function checkFixed({ profile, rules, values, faults }: Draft): void {
  for (const [name, value] of Object.entries(rules.fixed)) {
    const given = values.get(name) ?? value
    if (given !== value) {
      faults.push({ field: name, given: shown(given), expected: `${String(value)}, as for every ${profile} client` })
    }
    values.set(name, value)
  }
}

function withoutDefaults(metadata: Values): Values {
  const kept = Object.entries(metadata).filter(([name, value]) => {
    const member = memberOf(name)
    return member?.default === undefined || member.default !== value
  })
  return Object.fromEntries(kept)
}
