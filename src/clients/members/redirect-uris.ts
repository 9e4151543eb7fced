/** Metadata members for the URIs that browsers return to and the origins that they call from. */
import { shown } from '#shared/shown.ts'
import { checkRedirectUris } from '../redirect-uris.ts'
import { type Draft, type Member, refuse } from './member.ts'
import { isWebAddress, STRING, URI, URIS } from './values.ts'

/** The rows of URIs and origins (RFC 7591 §2, OpenID Connect Registration §2, RP-Initiated Logout §3.1). */
export const REDIRECT_URIS: readonly Member[] = [
  { name: 'application_type', meaning: 'Follows from the profile: `web` or `native`.', schema: STRING },
  {
    name: 'redirect_uris',
    meaning: 'Where browsers return with a code. Compared exactly.',
    schema: URIS,
    keptAcrossProfiles: true,
    settle: settleRedirectUris,
  },
  {
    name: 'post_logout_redirect_uris',
    meaning: 'Where browsers may go after sign-out. Compared exactly.',
    schema: URIS,
    keptAcrossProfiles: true,
    settle: (draft) => void settleUris(draft, 'post_logout_redirect_uris'),
  },
  {
    name: 'initiate_login_uri',
    meaning: 'Where somebody else may start a sign-in to it.',
    schema: URI,
    value: { fits: isHttps, expected: 'an https URL' },
    keptAcrossProfiles: true,
  },
  {
    name: 'signet_origins',
    meaning: 'From where a browser app calls the token endpoint; the origins of its redirect URIs when absent.',
    schema: URIS,
    value: { fits: isOrigins, expected: 'an array of origins such as https://app.example.com' },
    settle: settleOrigins,
  },
]

function settleRedirectUris(draft: Draft): void {
  const before = draft.faults.length
  const uris = settleUris(draft, 'redirect_uris')
  if (hasCode(draft) && uris.length === 0 && draft.faults.length === before) {
    draft.faults.push({ field: 'redirect_uris', given: [], expected: 'at least one URI to come back to' })
  }
}

function settleUris(draft: Draft, field: string): string[] {
  const { rules, values, faults } = draft
  const given = values.get(field) ?? []
  const uris = checkRedirectUris(field, given, rules.fixed.application_type === 'native', faults)
  if (!hasCode(draft) && uris.length > 0) {
    const expected = '[], because the client has no authorization_code grant'
    faults.push({ field, given: shown(given), expected })
  }
  values.set(field, uris)
  return uris
}

function hasCode({ values }: Draft): boolean {
  return (values.get('response_types') as string[]).length > 0
}

function settleOrigins(draft: Draft): void {
  if (draft.values.get('signet_origins') === undefined || draft.rules.hasOrigins) return
  refuse(draft, 'signet_origins', `nothing here: a ${draft.profile} client does not run in a browser`)
}

function isHttps(value: unknown): boolean {
  return isWebAddress(value) && value.toLowerCase().startsWith('https:')
}

function isOrigins(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= 100 &&
    value.every((origin) => isWebAddress(origin) && URL.parse(origin)?.origin === origin)
  )
}
