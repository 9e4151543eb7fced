/** Checks what a request needs beyond a valid access token: scopes, and a strong and recent sign-in. */
import { reaches } from './acr.ts'
import type { AccessTokenClaims } from './claims.ts'
import { scopeList } from './options.ts'
import { refuse, type RefusalContext } from './refusal.ts'

export function requireScope(claims: AccessTokenClaims, context: RefusalContext): void {
  const granted = scopeList(claims.scope)
  const missing = context.scope.filter((scope) => !granted.includes(scope))
  if (missing.length === 0) return
  refuse(context, {
    status: 403,
    error: 'insufficient_scope',
    description: `The access token lacks the scope ${missing.join(' ')}.`,
  })
}

/**
 * Throws 401 `insufficient_user_authentication` when the sign-in is too weak or too old, so that the client starts a
 * new sign-in (RFC 9470 §3).
 */
export function requireSignIn(
  claims: AccessTokenClaims,
  needs: {
    acrValues: readonly string[] | undefined
    maxAgeSeconds: number | undefined
    clockToleranceSeconds: number
  },
  { context, now }: { context: RefusalContext; now: Date },
): void {
  const { acrValues, maxAgeSeconds, clockToleranceSeconds } = needs
  const weak = acrValues !== undefined && !meetsOne(claims.acr, acrValues)
  const age = claims.auth_time === undefined ? Infinity : now.getTime() / 1000 - claims.auth_time
  const old = maxAgeSeconds !== undefined && age > maxAgeSeconds + clockToleranceSeconds
  if (!weak && !old) return
  refuse(context, {
    status: 401,
    error: 'insufficient_user_authentication',
    description: weak
      ? 'This needs a stronger sign-in than the one the access token tells of.'
      : 'This needs a more recent sign-in than the one the access token tells of.',
    ...(acrValues === undefined ? {} : { acrValues }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  })
}

function meetsOne(acr: string | undefined, acrValues: readonly string[]): boolean {
  return acr !== undefined && (acrValues.includes(acr) || reaches(acr, acrValues))
}
