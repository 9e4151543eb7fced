/**
 * The client authentication methods, one row each (RFC 7591 §2, RFC 8705 §2). `profiles.ts` says which profile may use
 * which.
 */
export interface AuthMethodRow {
  /** Completes the sentence "authenticates by …". */
  readonly meaning: string
  /** What the client authenticates with: nothing, a secret generated here, its own keys or its TLS certificate. */
  readonly credential: 'none' | 'secret' | 'keys' | 'certificate'
  /** Refused unless client certificates reach the server, or it knows the authorities that issued them. */
  readonly needs?: 'mtls' | 'authorities'
}

const ROWS = {
  private_key_jwt: { meaning: 'a JWT signed with one of its keys (RFC 7523)', credential: 'keys' },
  client_secret_basic: { meaning: 'a secret in the Authorization header', credential: 'secret' },
  client_secret_post: { meaning: 'a secret in the form', credential: 'secret' },
  tls_client_auth: {
    meaning: 'a TLS certificate of a known authority (RFC 8705)',
    credential: 'certificate',
    needs: 'authorities',
  },
  self_signed_tls_client_auth: {
    meaning: 'a self-signed TLS certificate (RFC 8705)',
    credential: 'certificate',
    needs: 'mtls',
  },
  none: { meaning: 'nothing: a public client', credential: 'none' },
} as const satisfies Readonly<Record<string, AuthMethodRow>>

/** A value of `token_endpoint_auth_method`. oidc-provider uses the same names. */
export type AuthMethod = keyof typeof ROWS

/** The rows by name, in the order of the reference. */
export const AUTH_METHODS: Readonly<Record<AuthMethod, AuthMethodRow>> = ROWS

type Metadata = Readonly<Record<string, unknown>>

/** Returns the methods that the server accepts. */
export function offeredAuthMethods(offers: { readonly mtls: boolean; readonly authorities: boolean }): AuthMethod[] {
  return (Object.keys(ROWS) as AuthMethod[]).filter((name) => {
    const { needs } = AUTH_METHODS[name]
    return needs === undefined || offers[needs]
  })
}

/** Whether the client is public: it does not authenticate (RFC 6749 §2.1). */
export function isPublic(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'none'
}

export function usesSecret(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'secret'
}

/** Whether the client authenticates with assertions that it signs. */
export function usesKeys(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'keys'
}

/** Whether the client authenticates with its TLS certificate. */
export function usesCertificate(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'certificate'
}

function credentialOf({ token_endpoint_auth_method: method }: Metadata): AuthMethodRow['credential'] | undefined {
  return typeof method === 'string' && Object.hasOwn(ROWS, method)
    ? AUTH_METHODS[method as AuthMethod].credential
    : undefined
}
