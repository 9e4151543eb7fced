/** Whether the issuer's status list says that an access token is not valid any more (Token Status List). */
import type { AccessTokenClaims } from './claims.ts'
import { createListCache, statusAt, type ListRules } from './status-list-cache.ts'
import { refuse, type RefusalContext } from './refusal.ts'

export interface StatusListOptions {
  /** A list this old, in seconds, is fetched again before it is believed (half of its `ttl`); never later than `ttl`. */
  readonly refreshSeconds?: number
  /**
   * What becomes of a token while its list cannot be had and the last good one is past its `exp`: it is refused with
   * 503 (`refuse`, the default), or let pass as without this check (`accept`).
   */
  readonly whenUnavailable?: 'refuse' | 'accept'
}

/** Throws `invalid_token` for a token that its list says is not valid, or that has no place in a list. */
export type StatusCheck = (claims: AccessTokenClaims, context: RefusalContext) => Promise<void>

const NO_PLACE = 'The access token has no place in a status list.'

/** The check that `option` asks for, or undefined for `false`. Throws TypeError for an option that is not understood. */
export function createStatusCheck(
  option: boolean | StatusListOptions,
  rules: Omit<ListRules, 'refreshSeconds'>,
): StatusCheck | undefined {
  if (option === false) return undefined
  const { refreshSeconds, whenUnavailable = 'refuse' } = option === true ? {} : option
  requireOption(refreshSeconds, whenUnavailable)
  const lists = createListCache({ ...rules, refreshSeconds })
  const below = rules.issuer.endsWith('/') ? rules.issuer : `${rules.issuer}/`

  return async (claims, context) => {
    const reference = referenceOf(claims)
    if (reference === undefined) return invalid(context, NO_PLACE)
    const { uri, idx } = reference
    // An address that reads otherwise once it is resolved (`..`, a tab, another case of the host) is not below it.
    if (!uri.startsWith(below) || URL.parse(uri)?.href !== uri) {
      return invalid(context, 'The access token names a status list that does not stand below its issuer.')
    }
    const list = await lists.get(uri)
    if ('unavailable' in list) return whenUnavailable === 'accept' ? undefined : unavailable(context, list.unavailable)
    const status = statusAt(list, idx)
    if (status === undefined) return invalid(context, NO_PLACE)
    // Token Status List §7.1: 0 is VALID; 1 is INVALID, 2 SUSPENDED, and no other makes a token usable.
    return status === 0 ? undefined : invalid(context, 'The access token was revoked.')
  }
}

function invalid(context: RefusalContext, description: string): never {
  return refuse(context, { status: 401, error: 'invalid_token', description })
}

function unavailable(context: RefusalContext, cause: unknown): never {
  return refuse(context, {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The status list of the token issuer cannot be read at the moment.',
    cause,
  })
}

function requireOption(refreshSeconds: unknown, whenUnavailable: unknown): void {
  if (refreshSeconds !== undefined && !(typeof refreshSeconds === 'number' && refreshSeconds > 0)) {
    throw new TypeError('the option statusList.refreshSeconds must be a number of seconds above 0')
  }
  if (whenUnavailable !== 'refuse' && whenUnavailable !== 'accept') {
    throw new TypeError("the option statusList.whenUnavailable must be 'refuse' or 'accept'")
  }
}

/** Token Status List §6.1: `status.status_list` with `idx`, a whole number from 0 on, and `uri`. */
function referenceOf(claims: AccessTokenClaims): { uri: string; idx: number } | undefined {
  const status = claims['status'] as { status_list?: { uri?: unknown; idx?: unknown } } | null | undefined
  const { uri, idx } = status?.status_list ?? {}
  if (typeof uri !== 'string' || typeof idx !== 'number' || !Number.isSafeInteger(idx) || idx < 0) return undefined
  return { uri, idx }
}
