/**
 * A person's name that a provider posts with its first answer and never again (Apple). It goes on to the next page in
 * the address, sealed: an address ends up in histories and logs.
 */
import { SealError, type Keyring } from '#sealing/keyring.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { callbackPathOf } from './paths.ts'
import { traitsOf } from './presets/registry.ts'
import type { UpstreamSignIn } from './upstream-sign-in.ts'
import type { Upstreams } from './upstream.ts'

const PURPOSE = 'upstream-posted-name'
/** The parameter of the form, and of the address. */
export const POSTED_NAME = 'user'
const MAX_POSTED = 4096
/** In characters, for each part of the name. */
const MAX_PART = 99

export interface PostedNamesDeps {
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly upstreams: Pick<Upstreams, 'offered'>
}

/** The name as claims (OpenID Connect Core §5.1). */
type NameClaims = Readonly<Record<string, string>>

export function createPostedNames({ keyring, upstreams }: PostedNamesDeps): Pick<UpstreamSignIn, 'postedName'> {
  return {
    async postedName(path, { state, user }) {
      const offered = await upstreams.offered()
      const isExpected = offered.some((upstream) => traitsOf(upstream).postsName && callbackPathOf(upstream) === path)
      const claims = isExpected ? claimsOf(user) : undefined
      return claims && keyring.seal(PURPOSE, JSON.stringify(claims), state).toString('base64url')
    },
  }
}

/** Returns the name that was sealed for the answer with this state; empty if there is none. */
export function openPostedName(keyring: Pick<Keyring, 'open'>, state: string, sealed: string | null): NameClaims {
  if (sealed === null) return {}
  try {
    return JSON.parse(keyring.open(PURPOSE, Buffer.from(sealed, 'base64url'), state).toString()) as NameClaims
  } catch (error) {
    if (error instanceof SealError) return {}
    throw error
  }
}

/** Reads `{"name":{"firstName":"Ada","lastName":"Lovelace"}}`. Anything else is no name, and keeps nobody out. */
function claimsOf(user: string): NameClaims | undefined {
  const { name } = (user.length > MAX_POSTED ? {} : parsed(user)) as { name?: unknown }
  const { firstName, lastName } = (name ?? {}) as Record<string, unknown>
  const [given, family] = [partOf(firstName), partOf(lastName)]
  const whole = [given, family].filter((part) => part !== undefined).join(' ')
  if (whole === '') return undefined
  return {
    name: whole,
    ...(given === undefined ? {} : { given_name: given }),
    ...(family === undefined ? {} : { family_name: family }),
  }
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function partOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const part = value.trim()
  return part.length <= MAX_PART && isDisplayText(part) ? part : undefined
}
