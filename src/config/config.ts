/** The checked configuration, without secrets (secrets.ts): a logged Config shows none. */
import type { SecretName, Setting, VariableName, VARIABLES } from './variables.ts'

/** What was given, or its default, of each variable, by the member that its row names. */
export type Settings<Names extends VariableName> = {
  readonly [Name in Names as (typeof VARIABLES)[Name]['member']]: Setting<Name>
}

/** What follows from several settings, or from files. */
interface Derived {
  /** `NODE_ENV=production` or an issuer whose host is not loopback. */
  readonly production: boolean
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Whether the embedded PostgreSQL under `dataDir` is used; otherwise `Secrets.databaseUrl` is set. */
  readonly isDatabaseEmbedded: boolean
  /** How often the database was restored, as far as this machine knows. */
  readonly restoreEpoch: {
    readonly number: number
    /** Where the number is kept: a path, or the variable that was set in its place. */
    readonly keptIn: string
    readonly byVariable: boolean
  }
}

export interface Config extends Settings<Exclude<VariableName, SecretName>>, Derived {}
