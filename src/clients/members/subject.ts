/** Metadata members for the subjects that a client gets (OpenID Connect Core §8). */
import { shown } from '#shared/shown.ts'
import { ownHost, signsInElsewhere } from '../sectors.ts'
import { isFetchedAddress } from './keys.ts'
import { type Draft, type Member, refuse } from './member.ts'
import { choiceOf, URI } from './values.ts'

const TYPE = 'subject_type'
const TYPES = ['public', 'pairwise'] as const
const SECTOR = 'sector_identifier_uri'
/** CIBA §4: how a client shows that the address of its keys is its own. */
const METHODS_WITH_KEYS = ['private_key_jwt', 'self_signed_tls_client_auth']

/** The rows of subjects (OpenID Connect Registration §2). */
export const SUBJECT: readonly Member[] = [
  {
    name: TYPE,
    meaning:
      '`public` (also when absent): the subject of an account is its account id, the same for every client. `pairwise`: clients of different sectors get different subjects, which they cannot compare. A change gives every person another subject there.',
    ...choiceOf(...TYPES),
    choices: {
      name: 'subject_types_supported',
      supported: ({ rules }) => (rules.openidScopes.length > 0 ? TYPES : undefined),
    },
    settle: settleType,
  },
  {
    name: SECTOR,
    meaning:
      'The address of a JSON array with its redirect URIs. Its host is the sector of pairwise subjects; otherwise the host of the redirect URIs is. It is fetched when the client is registered and when its redirect URIs change.',
    schema: URI,
    keptAcrossProfiles: true,
    settle: settleSector,
  },
]

function settleType(draft: Draft): void {
  const { profile, rules, values } = draft
  if (values.get(TYPE) !== 'pairwise') return
  const grants = values.get('grant_types') as string[]
  if (rules.openidScopes.length === 0) {
    refuse(draft, TYPE, `public, or nothing: a ${profile} client gets no tokens of people`)
  } else if (signsInElsewhere(grants) && !hasOwnKeys(draft)) {
    refuse(draft, TYPE, `public; pairwise with these grants needs ${METHODS_WITH_KEYS.join(' or ')}, and jwks_uri`)
  }
}

function hasOwnKeys({ values }: Draft): boolean {
  const method = String(values.get('token_endpoint_auth_method'))
  return METHODS_WITH_KEYS.includes(method) && values.get('jwks_uri') !== undefined
}

function settleSector(draft: Draft): void {
  const { values, faults, options } = draft
  const uri = values.get(SECTOR)
  if (uri !== undefined) {
    if (!isFetchedAddress(uri, options)) refuse(draft, SECTOR, 'an https URL of a JSON array, without fragment')
    return
  }
  if (values.get(TYPE) !== 'pairwise') return
  const why = whySector(values.get('redirect_uris') as string[], values.get('grant_types') as string[])
  if (why !== undefined) faults.push({ field: SECTOR, given: shown(uri), expected: `a sector_identifier_uri, ${why}` })
}

/** Returns why a pairwise client cannot do without the URI (OpenID Connect Core §8.1, CIBA §4), or undefined. */
function whySector(redirectUris: readonly string[], grantTypes: readonly string[]): string | undefined {
  if (redirectUris.length === 0) return undefined
  if (signsInElsewhere(grantTypes)) return 'because this pairwise client has redirect URIs and grants without them'
  if (ownHost(redirectUris) !== undefined) return undefined
  return 'because the redirect URIs of this pairwise client have no host of its own'
}
