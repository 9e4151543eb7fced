/** Updates rows with optimistic locking: a change is based on the row as read and written only to that version. */
import { type ExpectedVersion, VersionMismatch } from '#shared/version-mismatch.ts'

/** How often a change is tried when other changes come first. */
const MAX_ATTEMPTS = 20

export interface VersionedTarget<Row extends { readonly version: number }> {
  /** The kind of object for the error message, such as `client`. */
  readonly kind: string
  readonly expectedVersion: ExpectedVersion
  /** Returns the current row. Throws the room's own error when it does not exist. */
  readonly read: () => Promise<Row>
}

/**
 * Reads the row, checks that it has the expected version, and hands it to `change`, which writes on that version only
 * and returns undefined when the row was changed in the meantime. Then it reads again: a caller that expects no version
 * gets another attempt, so that no concurrent change is lost. Returns what `change` returned. Throws VersionMismatch.
 */
export async function changeVersioned<Row extends { readonly version: number }, Result>(
  { kind, expectedVersion, read }: VersionedTarget<Row>,
  change: (before: Row) => Promise<Result | undefined>,
): Promise<Result> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const before = await read()
    if (expectedVersion !== undefined && ![expectedVersion].flat().includes(before.version)) {
      throw new VersionMismatch(kind, expectedVersion, before.version)
    }
    const changed = await change(before)
    if (changed !== undefined) return changed
  }
  throw new VersionMismatch(kind, undefined, undefined)
}
