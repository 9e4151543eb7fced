/** The shape of a checked configuration. Secrets live apart, in secrets.ts, so that a logged Config shows none. */
export interface Config {
  /** `NODE_ENV=production` or an issuer whose host is not loopback. */
  readonly production: boolean
  /** The issuer identifier, without a trailing slash. */
  readonly issuer: string
  readonly server: {
    readonly host: string
    readonly port: number
    readonly workers: number
    /** CIDR ranges whose forwarding headers are believed. */
    readonly trustedProxies: readonly string[]
    readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
    /** The listener that asks clients for a certificate. */
    readonly mtls: { readonly port: number; readonly clientCaFile: string | undefined } | undefined
    /** The origin of the aliases of RFC 8705 §5. */
    readonly mtlsUrl: string | undefined
    readonly proxyVerifiesClientCert: boolean
  }
  /** Port 0: no management listener. */
  readonly management: { readonly host: string; readonly port: number }
  readonly database: {
    /** Whether the embedded PostgreSQL under `dataDir` is used; otherwise `Secrets.databaseUrl` is set. */
    readonly embedded: boolean
    readonly dataDir: string
    readonly migrate: 'auto' | 'off'
  }
  readonly keysDir: string
  /** How often the database was restored, as far as this machine knows. */
  readonly restoreEpoch: {
    readonly number: number
    /** Where the number is kept: a path, or the variable that was set in its place. */
    readonly keptIn: string
    readonly byVariable: boolean
  }
  /** Hosts or CIDRs that outgoing fetches may reach although they are private. */
  readonly fetchAllow: readonly string[]
  readonly log: { readonly level: string; readonly format: 'json' | 'pretty' }
  /** Where mail comes from; the relay is a secret, for it holds a password. */
  readonly mail: { readonly from: string | undefined }
  /** The first administrator, when the environment names one. */
  readonly firstAdmin: { readonly email: string } | undefined
  /** Where traces go; undefined: no tracing. */
  readonly tracing: { readonly endpoint: string } | undefined
}
