/** The shape of a preset: what is known about a provider, so that an administrator gives only what is their own. */
import type { Redeemed, UpstreamClaims } from '../redeemed.ts'
import type { ClaimMapping, ResponseMode, UpstreamAuthMethod } from '../upstream.ts'

/** What an administrator gave for a preset, by name. */
export type PresetValues = Readonly<Record<string, string>>

export interface PresetValue {
  /** What it is and where to find it. Shown in the reference, and when a value is missing or wrong. */
  readonly expected: string
  readonly example: string
  /** Used when none is given. Without it the value is required. */
  readonly fallback?: string
  /** Whether it may change later. The others are part of the issuer, which never changes. */
  readonly isChangeable?: true
  readonly isRight: (given: string, allowHttp: (host: string) => boolean) => boolean
}

/** The ways in which providers differ. */
export interface ProviderTraits {
  /** How we may authenticate there; the first is the default. */
  readonly authMethods: readonly [UpstreamAuthMethod, ...UpstreamAuthMethod[]]
  /** How the provider may send its response; the first is the default. */
  readonly responseModes: readonly [ResponseMode, ...ResponseMode[]]
  readonly scopes: readonly string[]
  readonly claims: ClaimMapping
  /** The parameters that ask the provider to sign the person in again, and to say when it did. */
  readonly again: Readonly<Record<string, string>>
  /** Whether the person's name comes in the parameter `user` of the first form that the provider posts. */
  readonly postsName?: true
  /** For a provider of OAuth 2.0 without OpenID Connect: no discovery, no ID token. */
  readonly oauth?: OAuthProvider
  /** Checks what OpenID Connect leaves open, and returns the claims as we understand them. Throws when a check fails. */
  readonly claimsOf?: (token: VerifiedToken) => UpstreamClaims
}

export interface Preset extends ProviderTraits {
  /** The display name, unless the administrator gives another. */
  readonly name: string
  /** What the administrator gives besides the client id and the secret or key. */
  readonly values: Readonly<Record<string, PresetValue>>
  readonly issuerOf: (values: PresetValues) => string
  /** Which addresses of this provider count as verified, for the reference. */
  readonly verifiedAddresses: string
}

export interface OAuthProvider {
  readonly endpointsOf: (issuer: string) => { readonly authorization_endpoint: string; readonly token_endpoint: string }
  /** Returns the person whom the access token belongs to. `get` sends it to a URL and returns the JSON of the answer. */
  readonly personOf: (get: (url: string) => Promise<unknown>, issuer: string) => Promise<Redeemed>
}

/** An ID token whose signature and standard claims were checked. */
export interface VerifiedToken {
  readonly claims: UpstreamClaims
  /** The issuer that the provider is registered with. */
  readonly issuer: string
  /** The member `issuer` of the key that signed it, which is an extension by Microsoft. */
  readonly keyIssuer: unknown
}
