/** The type of the checked configuration. Secrets are kept apart (secrets.ts), so that a Config is safe to log. */
import type { SecretName, Setting, VariableName, VARIABLES } from './variables.ts'

/** The value of each variable, given or default, under the member name in its row. */
export type Settings<Names extends VariableName> = {
  readonly [Name in Names as (typeof VARIABLES)[Name]['member']]: Setting<Name>
}

export interface MutualTls {
  /** The port of our own listener that asks for a certificate; undefined when a proxy does. */
  readonly port: number | undefined
  /** The origin where clients reach a listener that asks for a certificate; undefined when the issuer's does. */
  readonly url: string | undefined
  /** Whether certificates of known authorities are told apart from others, here or by the proxy. */
  readonly authorities: boolean
  /** Whether the proxy has verified the certificates that it passes on. */
  readonly proxyVerifies: boolean
}

/** Values that are derived from several settings, or read from files. */
interface Derived {
  /** `NODE_ENV=production` or an issuer whose host is not loopback. */
  readonly production: boolean
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** How client certificates reach this server; undefined when they cannot. */
  readonly mtls: MutualTls | undefined
  /** Whether the embedded PostgreSQL under `dataDir` is used; otherwise `Secrets.databaseUrl` is set. */
  readonly isDatabaseEmbedded: boolean
  /** How often the database was restored, according to this machine. */
  readonly restoreEpoch: {
    readonly number: number
    /** Where the number is kept: the path of a file, or the name of the variable. */
    readonly keptIn: string
    readonly byVariable: boolean
  }
}

export interface Config extends Settings<Exclude<VariableName, SecretName>>, Derived {}
