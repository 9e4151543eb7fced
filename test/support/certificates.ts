/** Makes X.509 certificates (RFC 5280) for tests: authorities, and what they issue. Nothing is kept in files. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Identity {
  /** PEM. */
  readonly cert: string
  readonly key: string
  readonly certificate: { readonly der: Buffer; readonly subject: Buffer; readonly privateKey: KeyObject }
}

export interface CertificateInput {
  /** The relative names, the outermost first; an inner array has several attributes. */
  readonly subject: readonly (Attribute | readonly Attribute[])[]
  readonly names?: readonly AlternativeName[]
  /** Signs itself when absent. */
  readonly issuer?: Identity
  readonly isAuthority?: boolean
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Uses this key again. */
  readonly privateKey?: KeyObject
}

export type Attribute = readonly [type: keyof typeof OIDS, value: string]
export type AlternativeName = readonly [kind: 'dns' | 'uri' | 'email' | 'ip', value: string]

const OIDS = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  organizationIdentifier: '2.5.4.97',
} as const
const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const BASIC_CONSTRAINTS = '2.5.29.19'
const ALTERNATIVE_NAMES = '2.5.29.17'
const DAY_MS = 24 * 3600 * 1000

export function makeCertificate(input: CertificateInput): Identity {
  const { subject: names, issuer, isAuthority = false, names: alternatives = [] } = input
  const privateKey = input.privateKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const subject = nameOf(names)
  const algorithm = sequence(oid(ECDSA_SHA256))
  const extensions = [
    sequence(oid(BASIC_CONSTRAINTS), boolean(true), octets(sequence(...(isAuthority ? [boolean(true)] : [])))),
    ...(alternatives.length > 0
      ? [sequence(oid(ALTERNATIVE_NAMES), octets(sequence(...alternatives.map(alternative))))]
      : []),
  ]
  const { notBefore = new Date(Date.now() - DAY_MS), notAfter = new Date(Date.now() + DAY_MS) } = input
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(randomBytes(8)),
    algorithm,
    issuer?.certificate.subject ?? subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, issuer?.certificate.privateKey ?? privateKey)
  const der = sequence(body, algorithm, tagged(0x03, Buffer.from([0]), signature))
  return {
    cert: pem('CERTIFICATE', der),
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate: { der, subject, privateKey },
  }
}

/** Returns the public key of a certificate as JWK, with the certificate (RFC 7517 §4.7). */
export function certifiedJwk({ certificate: { der, privateKey } }: Identity): Record<string, unknown> {
  return { ...createPublicKey(privateKey).export({ format: 'jwk' }), x5c: [der.toString('base64')] }
}

function nameOf(names: CertificateInput['subject']): Buffer {
  const attribute = ([type, value]: Attribute) => sequence(oid(OIDS[type]), tagged(0x0c, Buffer.from(value)))
  const relative = (name: CertificateInput['subject'][number]) =>
    tagged(0x31, ...(isAttribute(name) ? [attribute(name)] : name.map(attribute)))
  return sequence(...names.map(relative))
}

function isAttribute(name: CertificateInput['subject'][number]): name is Attribute {
  return typeof name[0] === 'string'
}

/** RFC 5280 §4.2.1.6: each kind has a tag of its own. */
function alternative([kind, value]: AlternativeName): Buffer {
  if (kind === 'ip') return tagged(0x87, Buffer.from(value.split('.').map(Number)))
  return tagged({ dns: 0x82, uri: 0x86, email: 0x81 }[kind], Buffer.from(value))
}

function tagged(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tagged(0x30, ...parts)
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content)
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]))
}

/** Positive, so its first bit is not set. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, Buffer.from([(bytes[0] as number) & 0x7f || 1, ...bytes.subarray(1)]))
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number)
  const bytes = [first * 40 + second, ...others.flatMap(base128)]
  return tagged(0x06, Buffer.from(bytes))
}

function base128(number: number): number[] {
  const digits = [number & 0x7f]
  for (let rest = number >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** UTCTime, in whole seconds. */
function time(date: Date): Buffer {
  return tagged(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-T:]/g, '').slice(2, 14)}Z`))
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
