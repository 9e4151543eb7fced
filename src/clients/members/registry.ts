/** All client metadata members: rows by topic, in the order in which they are checked. */
import { nearestName } from '#shared/nearest-name.ts'
import { AUTHENTICATION } from './authentication.ts'
import { BACKCHANNEL } from './backchannel.ts'
import { CERTIFICATES } from './certificates.ts'
import { DISPLAY } from './display.ts'
import { GRANTS } from './grants.ts'
import { KEYS } from './keys.ts'
import { LOGOUT } from './logout.ts'
import type { Member } from './member.ts'
import { REDIRECT_URIS } from './redirect-uris.ts'
import { REQUESTS } from './requests.ts'
import { RESPONSES } from './responses.ts'
import { SCOPE } from './scope.ts'
import { SUBJECT } from './subject.ts'
import { TOKENS } from './tokens.ts'

/** A member comes after those that it depends on: response types after grants, keys after the authentication method. */
export const MEMBERS: readonly Member[] = [
  ...DISPLAY,
  ...GRANTS,
  ...REDIRECT_URIS,
  ...LOGOUT,
  ...AUTHENTICATION,
  ...CERTIFICATES,
  ...TOKENS,
  ...KEYS,
  ...SUBJECT,
  ...RESPONSES,
  ...REQUESTS,
  ...BACKCHANNEL,
  SCOPE,
]

const BY_NAME: ReadonlyMap<string, Member> = new Map(MEMBERS.map((member) => [member.name, member]))

/** The members with several values, of which the server chooses one (OpenID Connect RP Metadata Choices 1.0). */
export const CHOICES: ReadonlySet<string> = new Set(MEMBERS.flatMap(({ choices }) => choices?.name ?? []))

/** Members that no specification defines. */
export const OWN_MEMBERS: readonly string[] = MEMBERS.map(({ name }) => name).filter((name) =>
  name.startsWith('signet_'),
)

/** Members that the server itself sets. */
const MADE_BY_THE_SERVER = new Set([
  'client_id',
  'client_secret',
  'client_id_issued_at',
  'client_secret_expires_at',
  'registration_access_token',
  'registration_client_uri',
])

/** Standard members that this server does not offer. They are refused, since ignoring them would mislead the caller. */
const NOT_OFFERED = new Set([
  'request_object_encryption_alg',
  'request_object_encryption_enc',
  'request_uris',
  'software_statement',
  'use_mtls_endpoint_aliases',
])

/** Returns the row of a member or of its translation (`client_name#ko`); undefined when there is none. */
export function memberOf(name: string): Member | undefined {
  const [, base = '', language] = /^([a-z_]+)#([A-Za-z0-9-]{2,35})$/.exec(name) ?? []
  const translated = language === undefined ? undefined : BY_NAME.get(base)
  return translated?.translatable ? translated : BY_NAME.get(name)
}

/** Returns why a member without a row is refused, with the nearest known name. */
export function unknownMember(name: string): string {
  if (MADE_BY_THE_SERVER.has(name)) return 'nothing here: the server makes it'
  if (NOT_OFFERED.has(name)) return 'nothing here: this server does not offer it'
  const near = nearestName(name, BY_NAME.keys())
  return near === undefined ? 'no such member; leave it out' : `no such member; did you mean ${near}?`
}
