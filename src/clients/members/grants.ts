/** Metadata members for how a client gets tokens. */
import { shown } from '#shared/shown.ts'
import { GRANT, offeredGrantTypes } from '../profiles.ts'
import { type Draft, isStringArray, type Member } from './member.ts'
import { STRINGS } from './values.ts'

const RESPONSE_MODES = ['query', 'fragment', 'form_post', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt']

/**
 * The rows of grant types and response types (RFC 7591 §2, OAuth 2.0 Multiple Response Type Encoding Practices §2.1,
 * JARM §2.3).
 */
export const GRANTS: readonly Member[] = [
  {
    name: 'grant_types',
    meaning: 'The grants it may use; the profile has a default.',
    schema: STRINGS,
    settle: settleGrantTypes,
  },
  {
    name: 'response_types',
    meaning: 'Follows from the grants: `code`, or nothing.',
    schema: STRINGS,
    dependsOn: ['grant_types'],
    settle: settleResponseTypes,
  },
  {
    name: 'response_modes',
    meaning: 'The response modes that its requests may use.',
    schema: STRINGS,
    value: { fits: isResponseModes, expected: `an array of ${RESPONSE_MODES.join(', ')}` },
  },
]

function settleGrantTypes({ profile, rules, values, faults, options }: Draft): void {
  const { required, default: defaults } = rules.grantTypes
  const given = values.get('grant_types') ?? defaults
  const allowed = [...new Set([...defaults, ...offeredGrantTypes(profile, options.offers)])]
  const fits =
    isStringArray(given) &&
    required.every((type) => given.includes(type)) &&
    given.every((type) => allowed.includes(type))
  if (!fits) {
    const others = allowed.filter((type) => !required.includes(type))
    const more = others.length > 0 ? ` and, as wanted, ${others.join(', ')}` : ''
    faults.push({ field: 'grant_types', given: shown(given), expected: `for ${profile} ${required.join(', ')}${more}` })
  }
  values.set('grant_types', fits ? [...new Set(given)] : [...defaults])
}

/** Checks the response types. `code` is the only one, since there is no implicit grant (OAuth 2.1 §10.1). */
function settleResponseTypes({ values, faults }: Draft): void {
  const grants = values.get('grant_types') as string[]
  const types = grants.includes(GRANT.code) ? ['code'] : []
  const given = values.get('response_types') ?? types
  if (!isStringArray(given) || given.join(' ') !== types.join(' ')) {
    const expected = types.length > 0 ? '["code"]' : '[], because the client has no authorization_code grant'
    faults.push({ field: 'response_types', given: shown(given), expected })
  }
  values.set('response_types', types)
}

function isResponseModes(given: unknown): boolean {
  return Array.isArray(given) && given.length > 0 && given.every((value) => RESPONSE_MODES.includes(String(value)))
}
