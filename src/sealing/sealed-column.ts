/** Describes a column that holds sealed values. */

/**
 * A column of sealed values. Each room lists its own; values in an unlisted column are lost when the old master key is
 * removed.
 */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The `purpose` given to `Keyring.seal`. */
  readonly purpose: string
  /** The columns that `context` reads. */
  readonly names: readonly string[]
  /** Returns the `context` given to `Keyring.seal`, built from the row. */
  context(row: Readonly<Record<string, unknown>>): string
  /** An SQL condition that skips rows without sealed values, where an index or partition makes that cheap. */
  readonly where?: string
}

/** Returns the parts of a column whose context is another column of its row: a text as it is, bytes in hexadecimal. */
export function boundTo(column: string): Pick<SealedColumn, 'names' | 'context'> {
  return {
    names: [column],
    context: ({ [column]: value }) => (Buffer.isBuffer(value) ? value.toString('hex') : (value as string)),
  }
}
