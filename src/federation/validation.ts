/** Checks the input to create or change an upstream provider. All faults are reported at once. */
import { asciiDomain } from '#accounts/email.ts'
import { isDisplayText } from '#shared/display-text.ts'
import { mergeClaims } from '#accounts/claims.ts'
import type { Fault } from '#shared/app-error.ts'
import { shown } from '#shared/shown.ts'
import { UpstreamInvalid } from './errors.ts'
import {
  AUTH_METHODS,
  RESPONSE_MODES,
  type ResponseMode,
  type Upstream,
  type UpstreamAuthMethod,
  type UpstreamInput,
} from './upstream.ts'

export type UpstreamFields = Omit<Upstream, 'publicJwk' | 'version' | 'createdAt' | 'updatedAt'>

export interface UpstreamRules {
  /** Whether a host may use plain http. */
  readonly allowHttp: (host: string) => boolean
  /** Our own issuer: a server cannot be its own upstream. */
  readonly self: string
}

const ID = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/
const VISIBLE = /^[\x21-\x7E]+$/
/** The form of a scope name (RFC 6749 §3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]{1,128}$/
const MOST = 100
const DEFAULT_SCOPES = ['openid', 'email', 'profile']
const DEFAULT_CLAIMS = { email: 'email', email_verified: 'email_verified', name: 'name' }
/** Claims that have a column of their own. */
const OWN_COLUMNS = new Set(['email', 'email_verified', 'name'])

/** Returns the fields of a provider: `input` on top of `before`. Throws UpstreamInvalid with all faults. */
export function validateUpstream(
  input: Partial<UpstreamInput>,
  before: Upstream | undefined,
  rules: UpstreamRules,
): UpstreamFields {
  const faults: Fault[] = []
  const check = checker(input, before, faults)
  const fields: UpstreamFields = {
    id: check.fixed('id', (given) => idFault(given)),
    issuer: check.fixed('issuer', (given) => issuerFault(given, rules)),
    name: check.changed('name', input.id ?? '', (given) => (isText(given, 200) ? undefined : textExpected(200))),
    clientId: check.changed('clientId', undefined, (given) =>
      isVisible(given, 512) ? undefined : 'the client id that the provider gave us, in visible ASCII',
    ),
    authMethod: check.changed('authMethod', 'private_key_jwt', (given) =>
      AUTH_METHODS.includes(given as UpstreamAuthMethod) ? undefined : AUTH_METHODS.join(' or '),
    ),
    scopes: check.changed('scopes', DEFAULT_SCOPES, scopesFault),
    claims: check.changed('claims', DEFAULT_CLAIMS, claimsFault),
    domains: lowered(check.changed('domains', [], domainsFault)),
    trustEmail: check.flag('trustEmail', false),
    responseMode: check.changed('responseMode', 'query', (given) =>
      RESPONSE_MODES.includes(given as ResponseMode) ? undefined : RESPONSE_MODES.join(' or '),
    ),
    ownRedirect: check.flag('ownRedirect', true),
    justInTime: check.flag('justInTime', false),
    logout: check.flag('logout', false),
    enabled: check.flag('enabled', true),
  }
  checkSecret(input, fields, before, faults)
  checkTrust(fields, faults)
  if (faults.length > 0) throw new UpstreamInvalid(faults)
  return fields
}

/** The members by their names in the API. */
export const MEMBERS = {
  id: 'id',
  name: 'name',
  issuer: 'issuer',
  clientId: 'client_id',
  authMethod: 'token_endpoint_auth_method',
  clientSecret: 'client_secret',
  scopes: 'scopes',
  claims: 'claims',
  domains: 'domains',
  trustEmail: 'trust_email',
  responseMode: 'response_mode',
  ownRedirect: 'own_redirect_uri',
  justInTime: 'just_in_time',
  logout: 'logout',
  enabled: 'enabled',
} as const satisfies Record<keyof UpstreamInput, string>

type Rule = (given: unknown) => string | undefined
type FlagName = 'trustEmail' | 'ownRedirect' | 'justInTime' | 'logout' | 'enabled'

function checker(input: Partial<UpstreamInput>, before: Upstream | undefined, faults: Fault[]) {
  const refuse = (member: keyof UpstreamInput, expected: string) =>
    faults.push({ field: MEMBERS[member], given: shown(input[member]), expected })
  return {
    /** Returns a member that is set once and never changes. */
    fixed(member: 'id' | 'issuer', rule: Rule): string {
      const given: unknown = input[member]
      if (before === undefined) {
        const expected = rule(given)
        if (expected !== undefined) refuse(member, expected)
        return String(given)
      }
      if (given !== undefined && given !== before[member]) {
        refuse(member, `${before[member]}: it never changes; add another upstream provider`)
      }
      return before[member]
    },
    changed<Member extends Exclude<keyof UpstreamInput, 'clientSecret' | 'id' | 'issuer'>>(
      member: Member,
      fallback: Upstream[Member] | undefined,
      rule: Rule,
    ): Upstream[Member] {
      const given: unknown = input[member] ?? before?.[member] ?? fallback
      const expected = rule(given)
      if (expected !== undefined) refuse(member, expected)
      return given as Upstream[Member]
    },
    flag(member: FlagName, fallback: boolean): boolean {
      const given: unknown = input[member]
      if (given !== undefined && typeof given !== 'boolean') refuse(member, 'true or false')
      return typeof given === 'boolean' ? given : (before?.[member] ?? fallback)
    },
  }
}

function idFault(given: unknown): string | undefined {
  if (typeof given === 'string' && ID.test(given)) return undefined
  return '1 to 40 lower-case letters, digits and hyphens, such as google'
}

function issuerFault(given: unknown, rules: UpstreamRules): string | undefined {
  const expected = "the provider's issuer: an https URL without query and fragment, as its discovery document has it"
  if (!isVisible(given, 512)) return expected
  const url = URL.parse(given)
  // OpenID Connect Discovery §2: https, without query or fragment
  if (!url || url.search !== '' || url.hash !== '' || url.username !== '' || given.includes('?')) return expected
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && rules.allowHttp(url.hostname))
  if (!isSafe) return expected
  return given === rules.self ? 'the issuer of another server than this one' : undefined
}

function scopesFault(given: unknown): string | undefined {
  const isRight =
    Array.isArray(given) &&
    given.length <= MOST &&
    given.includes('openid') &&
    given.every((scope) => typeof scope === 'string' && SCOPE_TOKEN.test(scope))
  return isRight ? undefined : 'an array of scopes, openid among them'
}

function claimsFault(given: unknown): string | undefined {
  const expected = 'an object that names for our claims, such as email, those of the provider'
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return expected
  const entries = Object.entries(given)
  if (entries.length > MOST || !entries.every(([, theirs]) => isVisible(theirs, 200))) return expected
  const faults: Fault[] = []
  const others = entries.filter(([ours]) => !OWN_COLUMNS.has(ours))
  for (const [ours] of others) mergeClaims({ [ours]: null }, {}, faults)
  return faults.length > 0 ? `${expected}; ours are standard claims, not ${faults[0]?.field ?? ''}` : undefined
}

function domainsFault(given: unknown): string | undefined {
  const isRight =
    Array.isArray(given) &&
    given.length <= MOST &&
    given.every((domain) => typeof domain === 'string' && domain.length < 254 && DOMAIN.test(storedDomain(domain)))
  return isRight ? undefined : `an array of at most ${MOST} domains of e-mail addresses, such as example.com`
}

/** The issuers of Microsoft Entra ID in which anybody can make an account, with any address. */
const ENTRA_FOR_ALL = /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/i

/** Refuses to trust addresses that nobody answers for: those of every tenant of Entra ID. */
function checkTrust({ issuer, trustEmail }: UpstreamFields, faults: Fault[]): void {
  if (!trustEmail || !ENTRA_FOR_ALL.test(issuer)) return
  const expected =
    'false: every tenant of Entra ID can claim any address; add the provider with the issuer of one tenant'
  faults.push({ field: MEMBERS.trustEmail, given: 'true', expected })
}

/** Checks the client secret (RFC 6749 Appendix A.2). It is required when the method needs one and none is stored. */
function checkSecret(
  { clientSecret }: Partial<UpstreamInput>,
  { authMethod }: UpstreamFields,
  before: Upstream | undefined,
  faults: Fault[],
): void {
  const usesSecret = authMethod !== 'private_key_jwt'
  const had = before !== undefined && before.authMethod !== 'private_key_jwt'
  const refuse = (given: string | null, expected: string) => faults.push({ field: 'client_secret', given, expected })
  if (clientSecret === undefined) {
    if (usesSecret && !had) refuse(null, `the secret that the provider gave us, for ${authMethod}`)
  } else if (!usesSecret) {
    refuse('(not shown)', 'no secret: with private_key_jwt there is a key')
  } else if (!isVisible(clientSecret, 1024)) refuse('(not shown)', 'a secret of 1 to 1024 visible ASCII characters')
}

/** Returns a domain as addresses are stored with it: in ASCII and lower case. */
function storedDomain(domain: string): string {
  return (asciiDomain(domain) ?? '').toLowerCase()
}

/** Returns the domains as they are stored, without duplicates. Anything but a list was refused before, so it gives none. */
function lowered(domains: unknown): string[] {
  return Array.isArray(domains) ? [...new Set(domains.map((domain) => storedDomain(String(domain))))] : []
}

function isVisible(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length <= max && VISIBLE.test(value)
}

function isText(value: unknown, max: number): boolean {
  return typeof value === 'string' && value.length <= max && isDisplayText(value)
}

function textExpected(max: number): string {
  return `a text of 1 to ${max} characters without control characters`
}
