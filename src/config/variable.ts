/** The shape of a row of the table of variables. */
import type { Parser } from './parsers.ts'

export interface Variable {
  /** The member of `Config`, or of `Secrets` for a secret, that holds the value. */
  readonly member: string
  /** Checks the string and converts it to the value. */
  readonly parse: Parser<unknown>
  readonly default: Default
  /** A valid value. */
  readonly example: string
  /** One sentence for the reference and `.env.example`, without a full stop. */
  readonly meaning: string
  /** Set for a secret: its value is never shown in a fault, and `<NAME>_FILE` is accepted too. */
  readonly secret?: true
  /** Checked, but no feature reads it yet. */
  readonly isUnused?: true
}

/** The string that is used for an unset variable, or a function that returns it and the default that the docs show. */
type Default = string | { readonly shown: string; readonly of?: (facts: Facts) => string | undefined }

/** The values that a default may depend on. */
export interface Facts {
  /** `https` when the server has a certificate. */
  readonly scheme: 'http' | 'https'
  readonly port: number
  readonly production: boolean
  /** Whether the log goes to a terminal. */
  readonly terminal: boolean
  readonly databaseUrl: string | undefined
}
