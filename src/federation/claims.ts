/** What a provider's claims tell of a person, by the mapping of the provider. Pure. */
import { isText, mergeClaims } from '#accounts/claims.ts'
import { isEmail } from '#accounts/email.ts'
import { UPSTREAM } from './method.ts'
import type { UpstreamClaims } from './upstream-client.ts'
import type { Upstream } from './upstream.ts'

/** What an account's name may have. */
const MAX_NAME = 200

export interface UpstreamProfile {
  /** Only where the provider says that it has verified it, and the domain is not another provider's. */
  readonly verifiedEmail: string | undefined
  readonly name: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
}

/** `offered` are all providers: an address whose domain one of them looks after is believed from that one alone. */
export function profileOf(upstream: Upstream, claims: UpstreamClaims, offered: readonly Upstream[]): UpstreamProfile {
  const { email, email_verified: verified, name, ...others } = upstream.claims
  const valueOf = (theirs: string | undefined) => (theirs === undefined ? undefined : claims[theirs])
  const address = valueOf(email)
  // OpenID Connect Core §5.1: a boolean; some send it as text
  const isVerified = [true, 'true'].includes(valueOf(verified) as boolean | string)
  const isTheirs = isEmail(address) && isOfDomain(upstream, address, offered)
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

function isOfDomain(upstream: Upstream, address: string, offered: readonly Upstream[]): boolean {
  const keeper = offered.find(({ domains }) => domains.includes(domainOf(address)))
  return keeper === undefined || keeper.id === upstream.id
}

/** A claim that is not well formed is left out: it is no reason to keep somebody outside. */
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

const SHOWN = /^[\w.:-]{1,30}$/
const MOST = 10

/**
 * The methods of a proof by a provider: `fed`, and what the provider says of its own, but for what would stand for a
 * second factor here.
 */
export function amrOf({ amr }: UpstreamClaims, isReserved: (value: string) => boolean): string[] {
  const theirs = Array.isArray(amr) ? amr.filter((value): value is string => typeof value === 'string') : []
  return [...UPSTREAM.amr.always, ...theirs.filter((value) => SHOWN.test(value) && !isReserved(value)).slice(0, MOST)]
}
