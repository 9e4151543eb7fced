/** Names in TLS certificates of clients: what may be registered, and whether a certificate has it (RFC 8705 §2.1.2). */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'

/** The attributes of a relative name; a set, because their order says nothing. */
type RelativeName = ReadonlySet<string>

/** The members that name a certificate, one of which a client with `tls_client_auth` has. */
export const CERTIFICATE_NAMES = {
  tls_client_auth_subject_dn: {
    meaning: 'The subject of its certificate, as text of RFC 4514 (`CN=shop,O=Example,C=GB`).',
    expected: 'a distinguished name as text of RFC 4514, such as CN=shop,O=Example,C=GB',
    fits: (value: string) => parseName(value) !== undefined,
    matches: ({ subject }: X509Certificate, value: string) => isSameName(subject, value),
  },
  tls_client_auth_san_dns: {
    meaning: 'A host name in the alternative names of its certificate.',
    expected: 'a host name without wildcard',
    fits: (value: string) =>
      /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/.test(value) && isIP(value) === 0,
    matches: (certificate: X509Certificate, value: string) =>
      hasName(certificate, 'DNS', (name) => name.toLowerCase() === value.toLowerCase()),
  },
  tls_client_auth_san_uri: {
    meaning: 'A URI in the alternative names of its certificate.',
    expected: 'an absolute URI, exactly as the certificate has it',
    fits: (value: string) => /^[\x21-\x7E]{3,2000}$/.test(value) && URL.canParse(value),
    matches: (certificate: X509Certificate, value: string) => hasName(certificate, 'URI', (name) => name === value),
  },
  tls_client_auth_san_ip: {
    meaning: 'An IP address in the alternative names of its certificate.',
    expected: 'an IPv4 or IPv6 address',
    fits: (value: string) => isIP(value) !== 0,
    matches: (certificate: X509Certificate, value: string) => certificate.checkIP(value) !== undefined,
  },
  tls_client_auth_san_email: {
    meaning: 'An e-mail address in the alternative names of its certificate.',
    expected: 'an e-mail address',
    fits: (value: string) => /^[\x21-\x3F\x41-\x7E]{1,64}@[A-Za-z0-9.-]{1,190}$/.test(value),
    matches: (certificate: X509Certificate, value: string) =>
      hasName(certificate, 'email', (name) => isSameEmail(name, value)),
  },
} as const

export type CertificateName = keyof typeof CERTIFICATE_NAMES

/** RFC 5280 §7.5: the part before the @ is compared exactly. */
function isSameEmail(name: string, value: string): boolean {
  const spelled = (address: string) => address.replace(/@.*$/, (host) => host.toLowerCase())
  return spelled(name) === spelled(value)
}

/** Node writes a value that could be taken for two as JSON, so that no name can pretend to be another kind. */
const NAMES = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g

function hasName({ subjectAltName }: X509Certificate, kind: string, fits: (name: string) => boolean): boolean {
  return [...(subjectAltName ?? '').matchAll(NAMES)].some(([, named, value = '']) => {
    if (named !== kind) return false
    return fits(value.startsWith('"') ? (JSON.parse(value) as string) : value)
  })
}

/** Compares the subject that Node shows, a line for each relative name, with a text, which begins with the last one. */
function isSameName(subject: string | undefined, text: string): boolean {
  const has = (subject ?? '').split('\n').map((line) => parseRelative(line.split(' + ')))
  const wanted = parseName(text)?.toReversed()
  if (!wanted || wanted.length !== has.length) return false
  return wanted.every((name, at) => isSameSet(name, has[at]))
}

function isSameSet(one: RelativeName, other: RelativeName | undefined): boolean {
  return other?.size === one.size && [...one].every((attribute) => other.has(attribute))
}

const MAX_NAME = 2000

/** Returns the relative names of a distinguished name as text (RFC 4514 §3), or undefined when it is none. */
function parseName(text: string): RelativeName[] | undefined {
  if (text.length > MAX_NAME) return undefined
  const names = split(text, ',').map((part) => parseRelative(split(part, '+')))
  return names.some((name) => name === undefined) ? undefined : (names as RelativeName[])
}

function parseRelative(attributes: readonly string[]): RelativeName | undefined {
  const parsed = attributes.map(parseAttribute)
  return parsed.includes(undefined) ? undefined : new Set(parsed as string[])
}

/** Splits at a separator that is not escaped. */
function split(text: string, separator: string): string[] {
  const parts = ['']
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string
    if (character === separator) parts.push('')
    else parts[parts.length - 1] += character === '\\' ? character + (text[++at] ?? '') : character
  }
  return parts
}

/** Attribute types that have several names: their OIDs, and other short names, by the one that OpenSSL writes. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  CN: ['2.5.4.3', 'COMMONNAME'],
  SN: ['2.5.4.4', 'SURNAME'],
  SERIALNUMBER: ['2.5.4.5'],
  C: ['2.5.4.6'],
  L: ['2.5.4.7'],
  ST: ['2.5.4.8', 'S'],
  STREET: ['2.5.4.9'],
  O: ['2.5.4.10'],
  OU: ['2.5.4.11'],
  TITLE: ['2.5.4.12'],
  BUSINESSCATEGORY: ['2.5.4.15'],
  GN: ['2.5.4.42', 'GIVENNAME'],
  ORGANIZATIONIDENTIFIER: ['2.5.4.97'],
  UID: ['0.9.2342.19200300.100.1.1', 'USERID'],
  DC: ['0.9.2342.19200300.100.1.25'],
  EMAILADDRESS: ['1.2.840.113549.1.9.1', 'E', 'EMAIL'],
  JURISDICTIONC: ['1.3.6.1.4.1.311.60.2.1.3'],
}
const CANONICAL = new Map(
  Object.entries(TYPES).flatMap(([name, others]) => others.map((other) => [other, name] as const)),
)

/** Returns an attribute for comparison: RFC 4517 §4.2.11, without regard to case and the number of blanks. */
function parseAttribute(text: string): string | undefined {
  const [, type = '', value = ''] = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+)\s*=([\s\S]*)$/.exec(text) ?? []
  const written = value.replace(/^ +/, '').replace(/(?<!\\) +$/, '')
  // a value in hexadecimal digits (#04…) is not text
  if (type === '' || written === '' || written.startsWith('#') || /(?<!\\)(?:\\\\)*["<>;]/.test(written))
    return undefined
  const name = type.toUpperCase()
  return `${CANONICAL.get(name) ?? name}=${unescaped(written).trim().replaceAll(/\s+/g, ' ').toLowerCase()}`
}

/** RFC 4514 §2.4: pairs of hexadecimal digits are bytes of UTF-8, any other character after `\` is itself. */
function unescaped(value: string): string {
  return value.replaceAll(/(?:\\[0-9A-Fa-f]{2})+|\\([\s\S])/g, (escape: string, character?: string) =>
    character === undefined ? Buffer.from(escape.replaceAll('\\', ''), 'hex').toString() : character,
  )
}
