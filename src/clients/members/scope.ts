/** The metadata member `scope`, for OpenID scopes. Scopes of an API are in `signet_allow`. */
import { shown } from '#shared/shown.ts'
import { GRANT, OPENID_SCOPES } from '../profiles.ts'
import type { Draft, Member } from './member.ts'
import { STRING } from './values.ts'

/** The row of `scope` (RFC 7591 §2, OpenID Connect Core §5.4). The settled value is a list. */
export const SCOPE: Member = {
  name: 'scope',
  meaning: 'OpenID scopes, separated by spaces; those of an API are in signet_allow.',
  schema: STRING,
  settle: (draft) => void draft.values.set('scope', scopesOf(draft)),
}

function scopesOf({ profile, rules, values, faults, presentScopes }: Draft): string[] {
  const given = values.get('scope')
  const mayRefresh = (values.get('grant_types') as string[]).includes(GRANT.refresh)
  if (given === undefined) {
    // `offline_access` has no effect without refresh tokens
    return (presentScopes ?? rules.openidScopes).filter((scope) => scope !== 'offline_access' || mayRefresh)
  }
  const scopes = typeof given === 'string' ? given.split(' ').filter(Boolean) : [given]
  const allowed: readonly unknown[] = rules.openidScopes.length > 0 ? OPENID_SCOPES : []
  const wrong = scopes.find((scope) => !allowed.includes(scope))
  if (wrong !== undefined) {
    const some = allowed.length > 0 ? `some of ${allowed.join(' ')}` : `nothing for a ${profile} client`
    faults.push({ field: 'scope', given: shown(wrong), expected: `${some}; scopes of an API come with signet_allow` })
  } else if (scopes.includes('offline_access') && !mayRefresh) {
    faults.push({ field: 'scope', given: 'offline_access', expected: 'the grant refresh_token with it' })
  }
  return [...new Set(scopes.map(String))]
}
