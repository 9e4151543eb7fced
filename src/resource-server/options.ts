/** The options of an API's verifier, and what a request needs. */
import type { JSONWebKeySet } from 'jose'
import type { CertificateOf } from './certificate-binding.ts'
import type { DpopOptions } from './dpop/binding.ts'
import type { IntrospectionOptions } from './introspection/introspection.ts'
import type { StatusListOptions } from './status-list.ts'

export type SignatureAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

export interface AccessTokensOptions {
  /** The issuer identifier exactly as the issuer publishes it. */
  readonly issuer: string
  /** This API's identifier, exactly as registered. */
  readonly audience: string
  /** The scopes that every request needs: one scope, several separated by spaces, or an array. */
  readonly scope?: string | readonly string[]
  /**
   * The `acr` values of which the sign-in must have one (RFC 9470); a machine's token is refused. A stronger class of
   * Signet also satisfies a weaker one, so that a passkey passes where `urn:signet:acr:mfa` is needed.
   */
  readonly acrValues?: readonly string[]
  /** The maximum age of the sign-in, in seconds (RFC 9470). */
  readonly maxAgeSeconds?: number
  /** The URL of the issuer's keys; by default taken from its metadata. */
  readonly jwksUri?: string
  /** The keys, or a function that returns them; nothing is fetched. */
  readonly keys?: JSONWebKeySet | (() => JSONWebKeySet | Promise<JSONWebKeySet>)
  /**
   * The `typ` that this API's tokens have: `at+jwt` (default; RFC 9068 §2.1), or `JWT` when the API is registered with
   * `access_token_typ: "JWT"`. With `JWT` both are accepted, so that an API can change from one to the other. RFC 8725
   * §3.11: `JWT` does not say what kind of token it is, so keep `at+jwt` if every consumer of the tokens accepts it.
   */
  readonly accessTokenTyp?: 'at+jwt' | 'JWT'
  /** How far the clocks of issuer and API may differ, in seconds (default 5). */
  readonly clockToleranceSeconds?: number
  /** Allowed signature algorithms (default ES256, RS256, PS256, EdDSA). */
  readonly algorithms?: readonly SignatureAlgorithm[]
  /**
   * Checks the issuer's status list for tokens that were revoked before they expired (default `false`). The list must
   * be below the issuer and signed with its keys. It is cached for half of its `ttl`, and used until its `exp` if it
   * cannot be fetched again.
   */
  readonly statusList?: boolean | StatusListOptions
  /**
   * Asks the issuer about each token (RFC 7662; default: it does not), so that revocations take effect within seconds
   * and opaque tokens are accepted. Replaces `statusList`.
   */
  readonly introspection?: IntrospectionOptions
  /**
   * Accepts access tokens that are bound to a key, with a proof of that key (RFC 9449). The default, `false`, refuses
   * them.
   */
  readonly dpop?: boolean | DpopOptions
  /**
   * Accepts access tokens that are bound to a TLS certificate (RFC 8705), on a connection with that certificate. `true`:
   * the connection is the API's own, whose listener asks for certificates (`requestCert`). A function returns the
   * certificate where a proxy passes it on. The default, `false`, refuses such tokens.
   */
  readonly clientCertificate?: boolean | CertificateOf
  /**
   * Time limit for the issuer's metadata and keys together, for a status list and for an introspection request, in
   * milliseconds (default 3000).
   */
  readonly timeoutMs?: number
  /** The URL of this API's metadata (default: derived from `audience`); `false` when the API serves none. */
  readonly resourceMetadata?: string | false
  /** All scopes of the API, its name and its documentation, for its metadata. */
  readonly scopesSupported?: readonly string[]
  readonly resourceName?: string
  readonly resourceDocumentation?: string
  /** The current time, for tests. */
  readonly now?: () => Date
}

/** What one request needs in addition to `AccessTokensOptions`. */
export interface RequestNeeds {
  readonly scope?: string | readonly string[]
  /** Replaces the value of the options (RFC 9470). */
  readonly acrValues?: readonly string[]
  readonly maxAgeSeconds?: number
}

export function requireOptions(options: AccessTokensOptions): void {
  for (const name of ['issuer', 'audience'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') {
      throw new TypeError(`accessTokens needs the option ${name}`)
    }
  }
  if (options.accessTokenTyp !== undefined && !['at+jwt', 'JWT'].includes(options.accessTokenTyp)) {
    throw new TypeError(`the option accessTokenTyp must be at+jwt or JWT, not ${options.accessTokenTyp}`)
  }
  if (URL.parse(options.issuer) === null) throw new TypeError(`the option issuer must be a URL, not ${options.issuer}`)
  if (options.introspection !== undefined && options.statusList) {
    throw new TypeError('set only one of the options statusList and introspection: both check for revoked tokens')
  }
}

export function scopeList(scope: string | readonly string[] | undefined): string[] {
  const list = typeof scope === 'string' ? [scope] : (scope ?? [])
  return list.flatMap((entry) => entry.split(' ')).filter((entry) => entry !== '')
}
