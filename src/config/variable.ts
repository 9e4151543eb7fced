/** The shape of a row of the table of variables. */
import type { Parser } from './parsers.ts'

export interface Variable {
  /** The name of its value in `Config`, or in `Secrets` for a secret. */
  readonly member: string
  /** Checks the text and turns it into the value. */
  readonly parse: Parser<unknown>
  readonly default: Default
  /** A value that would be right. */
  readonly example: string
  /** One sentence for the reference and `.env.example`, without a full stop. */
  readonly meaning: string
  /** Never shown in a fault; may also be given as `<NAME>_FILE`. */
  readonly secret?: true
  /** Checked, but no feature reads it yet. */
  readonly isUnused?: true
}

/** The text that an unset variable stands for, or how to find it and what the reference says of it. */
type Default = string | { readonly shown: string; readonly of?: (facts: Facts) => string | undefined }

/** What defaults may depend on. */
export interface Facts {
  /** `https` when the server has a certificate. */
  readonly scheme: 'http' | 'https'
  readonly port: number
  readonly production: boolean
  /** Whether logs go to a person at a terminal. */
  readonly terminal: boolean
  readonly databaseUrl: string | undefined
}
