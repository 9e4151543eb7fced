/** Checks whether an access token is still valid by the issuer's status list (Token Status List). */
import type { AccessTokenClaims } from './claims.ts'
import { createListCache, statusAt, type ListRules } from './status-list-cache.ts'
import { invalidToken, type RefusalContext, unavailable } from './refusal.ts'

export interface StatusListOptions {
  /** The age at which a list is fetched again, in seconds (default: half of its `ttl`); at most its `ttl`. */
  readonly refreshSeconds?: number
  /**
   * What to do while the list is unavailable and the last good one is past its `exp`: refuse with 503 (`refuse`, the
   * default), or accept the token without this check (`accept`).
   */
  readonly whenUnavailable?: 'refuse' | 'accept'
}

/**
 * Throws AccessTokenRefused: `invalid_token` when the list says that the token is invalid or the token has no status
 * index, 503 when the list is unavailable.
 */
export type StatusCheck = (claims: AccessTokenClaims, context: RefusalContext) => Promise<void>

const NO_STATUS_INDEX = 'The access token has no place in a status list.'
const UNAVAILABLE = 'The status list of the token issuer cannot be read at the moment.'

/** Creates the check, or returns undefined for `false`. Throws TypeError for an invalid option. */
export function createStatusCheck(
  option: boolean | StatusListOptions,
  rules: Omit<ListRules, 'refreshSeconds'>,
): StatusCheck | undefined {
  if (option === false) return undefined
  const { refreshSeconds, whenUnavailable = 'refuse' } = option === true ? {} : option
  requireOption(refreshSeconds, whenUnavailable)
  const lists = createListCache({ ...rules, refreshSeconds })
  const issuerPrefix = rules.issuer.endsWith('/') ? rules.issuer : `${rules.issuer}/`

  return async (claims, context) => {
    const reference = referenceOf(claims)
    if (reference === undefined) return invalidToken(context, NO_STATUS_INDEX)
    const { uri, idx } = reference
    // A URL that changes when it is normalized (`..`, a tab, upper case in the host) is not below the issuer.
    if (!uri.startsWith(issuerPrefix) || URL.parse(uri)?.href !== uri) {
      return invalidToken(context, 'The access token names a status list that does not stand below its issuer.')
    }
    const list = await lists.get(uri)
    if ('unavailable' in list) {
      return whenUnavailable === 'accept' ? undefined : unavailable(context, UNAVAILABLE, list.unavailable)
    }
    const status = statusAt(list, idx)
    if (status === undefined) return invalidToken(context, NO_STATUS_INDEX)
    // Token Status List §7.1: only 0 (VALID) makes a token usable; 1 is INVALID, 2 is SUSPENDED.
    return status === 0 ? undefined : invalidToken(context, 'The access token was revoked.')
  }
}

function requireOption(refreshSeconds: unknown, whenUnavailable: unknown): void {
  if (refreshSeconds !== undefined && !(typeof refreshSeconds === 'number' && refreshSeconds > 0)) {
    throw new TypeError('the option statusList.refreshSeconds must be a number of seconds above 0')
  }
  if (whenUnavailable !== 'refuse' && whenUnavailable !== 'accept') {
    throw new TypeError("the option statusList.whenUnavailable must be 'refuse' or 'accept'")
  }
}

/**
 * Returns `status.status_list` (Token Status List §6.1), with `idx`, an integer from 0, and `uri`; undefined when it is
 * missing or malformed.
 */
function referenceOf(claims: AccessTokenClaims): { uri: string; idx: number } | undefined {
  const status = claims['status'] as { status_list?: { uri?: unknown; idx?: unknown } } | null | undefined
  const { uri, idx } = status?.status_list ?? {}
  if (typeof uri !== 'string' || typeof idx !== 'number' || !Number.isSafeInteger(idx) || idx < 0) return undefined
  return { uri, idx }
}
