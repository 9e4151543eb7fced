/** Where sealed values are kept: what a room says of each column that holds some. */

/** Where a room keeps sealed values. Every such column stands in a list, or its values are lost with the old key. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** Of `Keyring.seal`. */
  readonly purpose: string
  /** Columns that `context` is made of. */
  readonly names: readonly string[]
  /** Of `Keyring.seal`, from the row. */
  context(row: Readonly<Record<string, unknown>>): string
  /** SQL that leaves out rows which hold nothing sealed, where an index or a partition makes that cheap. */
  readonly where?: string
}
