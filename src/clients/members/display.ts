/** Metadata members that people see: on the consent page, on our pages for the client and in lists. */
import { EXPECTED_ACCENT, EXPECTED_LOGO, isAccent, isLogo } from '#pages/brand.ts'
import type { Member } from './member.ts'
import { FLAG, STRING, STRINGS, TEXT, WEB_PAGE } from './values.ts'

/** The rows of display members (RFC 7591 §2). */
export const DISPLAY: readonly Member[] = [
  { name: 'client_name', meaning: 'What people read on the consent page.', ...TEXT, ...translatable() },
  { name: 'client_uri', meaning: 'Its home page.', ...WEB_PAGE, ...translatable() },
  { name: 'logo_uri', meaning: 'Where its logo is. It is not fetched.', ...WEB_PAGE, ...translatable() },
  { name: 'policy_uri', meaning: 'Its privacy policy.', ...WEB_PAGE, ...translatable() },
  { name: 'tos_uri', meaning: 'Its terms of service.', ...WEB_PAGE, ...translatable() },
  {
    name: 'contacts',
    meaning: 'E-mail addresses of the people who run it.',
    schema: STRINGS,
    value: { fits: isContacts, expected: 'an array of at most 20 e-mail addresses' },
    keptAcrossProfiles: true,
  },
  { name: 'software_id', meaning: 'Names the software it runs.', ...TEXT, keptAcrossProfiles: true },
  { name: 'software_version', meaning: 'The version of that software.', ...TEXT, keptAcrossProfiles: true },
  {
    name: 'signet_accent',
    meaning: 'The color of our pages that lead to it.',
    schema: STRING,
    value: { fits: isAccent, expected: EXPECTED_ACCENT },
  },
  {
    name: 'signet_logo',
    meaning: 'The image on our pages that lead to it, as a data URL.',
    schema: STRING,
    value: { fits: isLogo, expected: EXPECTED_LOGO },
  },
  {
    name: 'signet_verified',
    meaning:
      'false: the consent page says that nobody has verified who runs the app. It always says so of self-registered clients.',
    ...FLAG,
    default: true,
  },
]

function translatable() {
  return { translatable: true, keptAcrossProfiles: true } as const
}

function isContacts(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 20 && value.every(isContact)
}

function isContact(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= 254 &&
    /^[\x21-\x3F\x41-\x7E]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(value)
  )
}
