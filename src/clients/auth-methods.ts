/** The client authentication methods, one row each (RFC 7591 §2, RFC 8705 §2). Which profile may use which: profiles.ts. */
export interface AuthMethodRow {
  /** How people describe it in a sentence: "authenticates by …". */
  readonly meaning: string
  /** What the client proves itself with: nothing, a secret that is made here, its own keys, or its TLS certificate. */
  readonly credential: 'none' | 'secret' | 'keys' | 'certificate'
  /** Refused unless the server offers mutual TLS. */
  readonly needsMtls?: true
}

const ROWS = {
  private_key_jwt: { meaning: 'a JWT signed with one of its keys (RFC 7523)', credential: 'keys' },
  client_secret_basic: { meaning: 'a secret in the Authorization header', credential: 'secret' },
  client_secret_post: { meaning: 'a secret in the form', credential: 'secret' },
  tls_client_auth: {
    meaning: 'a TLS certificate of a known issuer (RFC 8705)',
    credential: 'certificate',
    needsMtls: true,
  },
  self_signed_tls_client_auth: {
    meaning: 'a self-signed TLS certificate (RFC 8705)',
    credential: 'certificate',
    needsMtls: true,
  },
  none: { meaning: 'nothing: a public client', credential: 'none' },
} as const satisfies Readonly<Record<string, AuthMethodRow>>

/** The value of `token_endpoint_auth_method`, which is the engine's name too. */
export type AuthMethod = keyof typeof ROWS

/** By name, in the order of documentation. */
export const AUTH_METHODS: Readonly<Record<AuthMethod, AuthMethodRow>> = ROWS

type Metadata = Readonly<Record<string, unknown>>

/** The methods that a server with these offers takes. */
export function offeredAuthMethods({ mtls }: { readonly mtls: boolean }): AuthMethod[] {
  return (Object.keys(ROWS) as AuthMethod[]).filter((name) => mtls || !AUTH_METHODS[name].needsMtls)
}

/** Whether the client authenticates by nothing (RFC 6749 §2.1). */
export function isPublic(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'none'
}

export function usesSecret(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'secret'
}

/** Whether the client authenticates by assertions that it signs. */
export function usesKeys(metadata: Metadata): boolean {
  return credentialOf(metadata) === 'keys'
}

function credentialOf({ token_endpoint_auth_method: method }: Metadata): AuthMethodRow['credential'] | undefined {
  return typeof method === 'string' && Object.hasOwn(ROWS, method)
    ? AUTH_METHODS[method as AuthMethod].credential
    : undefined
}
