/** Metadata members for the URIs that browsers return to and the origins that they call from. */
import { isPrivateScheme } from '#shared/private-scheme.ts'
import { shown } from '#shared/shown.ts'
import { checkRedirectUris, type DotlessSchemes } from '../redirect-uris.ts'
import { type Draft, type Member, refuse } from './member.ts'
import { isWebAddress, STRING, STRINGS, URI, URIS } from './values.ts'

const SCHEMES = 'signet_redirect_schemes'

/** The rows of URIs and origins (RFC 7591 §2, OpenID Connect Registration §2, RP-Initiated Logout §3.1). */
export const REDIRECT_URIS: readonly Member[] = [
  { name: 'application_type', meaning: 'Follows from the profile: `web` or `native`.', schema: STRING },
  {
    name: SCHEMES,
    meaning:
      'Private-use URI schemes without a dot that its redirect URIs may have, such as `cursor`; others are reversed domain names (RFC 8252 §7.1). For self-registered clients the setting `client_registration.schemes` allows more.',
    schema: STRINGS,
    value: {
      fits: isSchemes,
      expected: 'an array of at most 20 URI schemes in lower case such as cursor, none that a browser runs',
    },
    settle: settleSchemes,
  },
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
  const { values, faults } = draft
  const given = values.get(field) ?? []
  const uris = checkRedirectUris(field, given, { native: isNative(draft), dotless: dotlessOf(draft) }, faults)
  if (!hasCode(draft) && uris.length > 0) {
    const expected = '[], because the client has no authorization_code grant'
    faults.push({ field, given: shown(given), expected })
  }
  values.set(field, uris)
  return uris
}

function isNative({ rules }: Draft): boolean {
  return rules.fixed.application_type === 'native'
}

function dotlessOf({ origin, values, options }: Draft): DotlessSchemes {
  const own = (values.get(SCHEMES) ?? []) as string[]
  if (origin === 'administrator') {
    return { allowed: own, howToAllow: (scheme) => `; ${scheme}: alone needs --set '${SCHEMES}=["${scheme}"]'` }
  }
  return {
    allowed: [...own, ...options.selfRegisteredSchemes],
    howToAllow: (scheme) => `; ${scheme}: alone must be in the setting client_registration.schemes of the server`,
  }
}

function settleSchemes(draft: Draft): void {
  if (draft.values.get(SCHEMES) === undefined || isNative(draft)) return
  refuse(draft, SCHEMES, 'nothing here: only native apps have private-use schemes')
}

function isSchemes(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 20 && value.every(isPrivateScheme)
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
