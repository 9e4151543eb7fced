/** Metadata members for the public keys of a client. */
import { usesKeys } from '../auth-methods.ts'
import type { PublicJwk } from '../client.ts'
import { checkJwks, hasCertificate } from '../client-keys.ts'
import { type Draft, type Member, type MetadataOptions, refuse } from './member.ts'
import { isWebAddress, URI } from './values.ts'

/** The rows of public keys (RFC 7591 §2). */
export const KEYS: readonly Member[] = [
  {
    name: 'jwks_uri',
    meaning: 'Where its public keys are.',
    schema: URI,
    dependsOn: ['jwks'],
    keptAcrossProfiles: true,
    settle: settleJwksUri,
  },
  {
    name: 'jwks',
    meaning: 'Its public keys (RFC 7517).',
    schema: { type: 'object' },
    dependsOn: ['jwks_uri'],
    keptAcrossProfiles: true,
    settle: settleJwks,
  },
]

function settleJwksUri(draft: Draft): void {
  const { values, options } = draft
  const uri = values.get('jwks_uri')
  if (uri === undefined) return
  // RFC 7591 §2: "The "jwks_uri" and "jwks" parameters MUST NOT both be present"
  if (values.get('jwks') !== undefined) refuse(draft, 'jwks_uri', 'either jwks or jwks_uri, not both')
  if (!isFetchedAddress(uri, options)) refuse(draft, 'jwks_uri', 'an https URL of a JWK Set, without fragment')
}

function settleJwks(draft: Draft): void {
  const { values, faults } = draft
  const jwks = values.get('jwks')
  const checked = jwks === undefined ? undefined : checkJwks(jwks, faults)
  if (checked) values.set('jwks', checked.jwks)
  if (values.get('token_endpoint_auth_method') === 'self_signed_tls_client_auth') {
    return requireCertificate(draft, checked?.jwks.keys)
  }
  if (!usesKeys({ token_endpoint_auth_method: values.get('token_endpoint_auth_method') })) return
  if (jwks === undefined && values.get('jwks_uri') === undefined) {
    const expected =
      'the public keys that the client signs with (jwks), or where they are (jwks_uri); signet clients create makes a key with --generate-key FILE'
    faults.push({ field: 'jwks', given: null, expected })
  }
  if (checked) requireAssertionKey(draft, checked.assertionAlgs)
}

/** RFC 8705 §2.2.2: a key with its certificate (`x5c`), or an address that has some. */
function requireCertificate({ values, faults }: Draft, keys: readonly PublicJwk[] | undefined): void {
  if (keys?.some(hasCertificate) || values.get('jwks_uri') !== undefined) return
  if (values.get('jwks') !== undefined && keys === undefined) return
  const given = keys === undefined ? null : 'keys without x5c'
  const expected =
    'a public key with its certificate in x5c, or jwks_uri; signet clients create takes --certificate FILE'
  faults.push({ field: 'jwks', given, expected })
}

/** Requires at least one key for an algorithm that this client may sign assertions with. */
function requireAssertionKey({ profile, rules, values, faults }: Draft, have: ReadonlySet<string>): void {
  const alg = values.get('token_endpoint_auth_signing_alg')
  const wanted = typeof alg === 'string' ? [alg] : rules.assertionAlgs
  if (wanted.some((name) => have.has(name))) return
  const given = have.size > 0 ? `keys for ${[...have].join(', ')}` : 'no key for an accepted algorithm'
  faults.push({ field: 'jwks', given, expected: `for ${profile} a signing key for ${wanted.join(' or ')}` })
}

/** Whether a value is an address that may be fetched: https, or http where the server allows it, without fragment. */
export function isFetchedAddress(value: unknown, { allowHttpJwksUri }: MetadataOptions): boolean {
  if (typeof value !== 'string' || value.includes('#')) return false
  const url = URL.parse(value)
  if (url?.protocol !== 'http:') return isWebAddress(value)
  return url.username === '' && url.password === '' && allowHttpJwksUri(url.hostname)
}
