/** Reads a person's profile from the claims of a provider, by the provider's mapping. Has no side effects. */
import { isText, mergeClaims } from '#accounts/claims.ts'
import { emailOf } from '#accounts/email.ts'
import { UPSTREAM } from './method.ts'
import type { UpstreamClaims } from './redeemed.ts'
import type { Upstream } from './upstream.ts'

/** The maximum length of an account's name, in characters. */
const MAX_NAME = 200

export interface UpstreamProfile {
  /** The e-mail address, if the provider has verified it and its domain does not belong to another provider. */
  readonly verifiedEmail: string | undefined
  readonly name: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Returns the profile of a person. `configured` are all providers, disabled ones too: an address in the domain of one of
 * them is trusted from that provider only.
 */
export function profileOf(
  upstream: Upstream,
  claims: UpstreamClaims,
  configured: readonly Upstream[],
): UpstreamProfile {
  const { email, email_verified: verified, name, ...others } = upstream.claims
  const valueOf = (theirs: string | undefined) => (theirs === undefined ? undefined : claims[theirs])
  const said = valueOf(verified)
  const address = emailOf(valueOf(email))
  // a boolean by OpenID Connect Core §5.1, but some providers send a string
  const isVerified = said === undefined ? upstream.trustEmail : [true, 'true'].includes(said as boolean | string)
  const isTheirs = address !== undefined && isOfDomain(upstream, address, configured)
  const given = valueOf(name)
  return {
    verifiedEmail: isVerified && isTheirs ? address : undefined,
    name: isName(given) ? given : undefined,
    claims: mapped(others, valueOf),
  }
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}

function isOfDomain(upstream: Upstream, address: string, configured: readonly Upstream[]): boolean {
  const keeper = configured.find(({ domains }) => domains.includes(domainOf(address)))
  return keeper === undefined || keeper.id === upstream.id
}

/** Returns the mapped claims. Malformed claims are left out, so that they do not block the sign-in. */
function mapped(
  mapping: Readonly<Record<string, string>>,
  valueOf: (theirs: string) => unknown,
): Record<string, unknown> {
  let taken: Record<string, unknown> = {}
  for (const [ours, theirs] of Object.entries(mapping)) {
    const value = valueOf(theirs)
    if (value !== undefined && value !== null) taken = mergeClaims({ [ours]: value }, taken, [])
  }
  return taken
}

function isName(value: unknown): value is string {
  return isText(value) && value.length <= MAX_NAME
}

/** The time that clocks may differ, and that a sign-in may be older than the request for it. */
const FRESH_BEFORE_SECONDS = 60

/**
 * Returns when the person signed in at the provider (`auth_time`, OpenID Connect Core §3.1.2.1), in epoch seconds.
 * `unknown` if the provider does not say, or not with this request: it may have recognized its own session (ASVS 6.8.4).
 */
export function provenAtOf(
  { auth_time: time }: UpstreamClaims,
  { beganAt, now }: { readonly beganAt: number | undefined; readonly now: number },
): number | 'unknown' {
  if (typeof time !== 'number' || beganAt === undefined) return 'unknown'
  if (time < beganAt - FRESH_BEFORE_SECONDS || time > now + FRESH_BEFORE_SECONDS) return 'unknown'
  return Math.min(Math.floor(time), now)
}

const SHOWN = /^[\w.:-]{1,30}$/
const MOST = 10

/**
 * Returns the `amr` of a proof: `fed` and the provider's own values, without those that would count as a second factor
 * here.
 */
export function amrOf({ amr }: UpstreamClaims, isReserved: (value: string) => boolean): string[] {
  const theirs = Array.isArray(amr) ? amr.filter((value): value is string => typeof value === 'string') : []
  return [...UPSTREAM.amr.always, ...theirs.filter((value) => SHOWN.test(value) && !isReserved(value)).slice(0, MOST)]
}
