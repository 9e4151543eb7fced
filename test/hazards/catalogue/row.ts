/** The shape of a row of the hazard catalogue, and which features a running server says it has. */

/** What a server tells of itself without being signed in to. */
export interface Advertised {
  /** The discovery document. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** The paths of the admin API's OpenAPI document. */
  readonly adminPaths: readonly string[]
}

const names = ({ metadata }: Advertised, member: string, value: RegExp): boolean =>
  Array.isArray(metadata[member]) && metadata[member].some((listed) => value.test(String(listed)))

/** How each feature shows from outside; a row is owed its tests from then on. */
export const FEATURES = {
  core: () => true,
  'pushed requests': ({ metadata }) => 'pushed_authorization_request_endpoint' in metadata,
  DPoP: ({ metadata }) => 'dpop_signing_alg_values_supported' in metadata,
  'client certificates': ({ metadata }) => 'mtls_endpoint_aliases' in metadata,
  introspection: ({ metadata }) => 'introspection_endpoint' in metadata,
  revocation: ({ metadata }) => 'revocation_endpoint' in metadata,
  logout: ({ metadata }) => 'end_session_endpoint' in metadata,
  'logout notices': ({ metadata }) => metadata['backchannel_logout_supported'] === true,
  device: ({ metadata }) => 'device_authorization_endpoint' in metadata,
  CIBA: ({ metadata }) => 'backchannel_authentication_endpoint' in metadata,
  registration: ({ metadata }) => 'registration_endpoint' in metadata,
  'request objects': ({ metadata }) => metadata['request_parameter_supported'] === true,
  'pairwise subjects': (server) => names(server, 'subject_types_supported', /pairwise/),
  'second factors': (server) => names(server, 'acr_values_supported', /second|factor|otp|mfa/i),
  passkeys: (server) => names(server, 'acr_values_supported', /passkey|phr/i),
  'mail and reset': ({ adminPaths }) => adminPaths.some((path) => /reset|recover/.test(path)),
  federation: ({ adminPaths }) => adminPaths.some((path) => path.includes('upstreams')),
  webhooks: ({ adminPaths }) => adminPaths.some((path) => path.includes('webhooks')),
} as const satisfies Record<string, (server: Advertised) => boolean>

export type Feature = keyof typeof FEATURES

export interface Row {
  /** A letter for the chapter and a number: V1, R1, F1, A1, S1, X1. */
  readonly id: string
  /** What must hold, in a sentence. */
  readonly title: string
  readonly feature: Feature
  /** Titles of tests, as they stand in the source, by the file they are in; `group › title` within a `describe`, an id for a fault. */
  readonly tests: Readonly<Record<string, readonly string[]>>
}
