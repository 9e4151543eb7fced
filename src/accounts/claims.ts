/** The standard claims that an account may have in addition to e-mail and name (OpenID Connect Core §5.1). */
import type { Fault } from '#shared/app-error.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { shown } from '#shared/shown.ts'

interface ClaimRule {
  readonly fits: (value: unknown) => boolean
  readonly expected: string
}

const MAX_TEXT = 500
const TEXT: ClaimRule = { fits: isText, expected: `a text of 1 to ${MAX_TEXT} characters without control characters` }
const WEB_ADDRESS: ClaimRule = { fits: isWebAddress, expected: 'an http or https URL' }
const ADDRESS_MEMBERS = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country']

const CLAIMS = new Map<string, ClaimRule>([
  ['given_name', TEXT],
  ['family_name', TEXT],
  ['middle_name', TEXT],
  ['nickname', TEXT],
  ['preferred_username', TEXT],
  ['profile', WEB_ADDRESS],
  ['picture', WEB_ADDRESS],
  ['website', WEB_ADDRESS],
  ['gender', TEXT],
  ['birthdate', { fits: isBirthdate, expected: 'a date as YYYY-MM-DD, 0000-MM-DD or YYYY' }],
  ['zoneinfo', { fits: isTimeZone, expected: 'a time zone name such as Europe/Paris' }],
  ['locale', { fits: isLanguageTag, expected: 'a language tag such as en-GB (BCP 47)' }],
  ['phone_number', { fits: isPhoneNumber, expected: 'a phone number as E.164 with +, such as +14155550100' }],
  ['phone_number_verified', { fits: (value) => typeof value === 'boolean', expected: 'true or false' }],
  ['address', { fits: isAddress, expected: `an object with texts for ${ADDRESS_MEMBERS.join(', ')}` }],
])

/**
 * Returns the claims of `before` with those of `given` on top; null removes a claim. Pushes a fault for each claim that
 * is unknown or malformed.
 */
export function mergeClaims(
  given: unknown,
  before: Readonly<Record<string, unknown>>,
  faults: Fault[],
): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    faults.push({ field: 'claims', given: shown(given), expected: 'an object of standard claims' })
    return { ...before }
  }
  const merged = new Map(Object.entries(before))
  for (const [name, value] of Object.entries(given)) {
    const rule = CLAIMS.get(name)
    if (!rule) {
      faults.push({ field: name, given: shown(value), expected: `one of the claims ${[...CLAIMS.keys()].join(', ')}` })
    } else if (value === null) {
      merged.delete(name)
    } else if (rule.fits(value)) {
      merged.set(name, value)
    } else {
      faults.push({ field: name, given: shown(value), expected: rule.expected })
    }
  }
  return Object.fromEntries(merged)
}

/** Whether a value is a string that a page can show. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT && isDisplayText(value)
}

function isWebAddress(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
}

/**
 * Whether a value is a birthdate (OpenID Connect Core §5.1: "YYYY-MM-DD format. The year MAY be 0000 …, YYYY format is
 * allowed").
 */
function isBirthdate(value: unknown): boolean {
  const parts = typeof value === 'string' ? /^(\d{4})(?:-(\d{2})-(\d{2}))?$/.exec(value) : null
  if (!parts) return false
  if (parts[2] === undefined) return true
  // a leap year replaces the omitted year, so that 29 February is valid
  const year = parts[1] === '0000' ? '2000' : parts[1]
  const day = new Date(`${year}-${parts[2]}-${parts[3]}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.getUTCDate() === Number(parts[3])
}

function isTimeZone(value: unknown): boolean {
  if (!isText(value)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function isLanguageTag(value: unknown): boolean {
  if (!isText(value)) return false
  try {
    return Intl.getCanonicalLocales(value.replace('_', '-')).length === 1
  } catch {
    return false
  }
}

function isPhoneNumber(value: unknown): boolean {
  return typeof value === 'string' && /^\+[1-9][0-9 ()-]{4,30}(?:;ext=[0-9]{1,10})?$/.test(value)
}

function isAddress(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, part]) => ADDRESS_MEMBERS.includes(name) && isAddressText(part))
}

/**
 * Whether a value is valid in an address. `formatted` and `street_address` may have several lines (OpenID Connect Core
 * §5.1.1).
 */
function isAddressText(value: unknown): boolean {
  return typeof value === 'string' && isText(value.replace(/\r?\n/g, ' '))
}
