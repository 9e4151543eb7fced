/** Opaque list cursors, which contain the sort key of the last item of a page. */
import { AppError } from './app-error.ts'

const MAX_LENGTH = 2048

/** 400: the cursor does not come from a list. */
class InvalidCursor extends AppError {
  override readonly code = 'invalid_cursor'
  override readonly status = 400

  constructor(given: string) {
    super('The cursor is not one that this list gave out; leave it away to start at the first page.', {
      faults: [{ field: 'cursor', given: given.slice(0, 100), expected: 'the next_cursor of the page before' }],
    })
  }
}

/** Encodes a sort key as base64url. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** Decodes a cursor: one string for each of `patterns`, which it must match. Throws InvalidCursor. */
export function decodeCursor(cursor: string, patterns: readonly RegExp[]): string[] {
  const key = parse(cursor)
  if (!Array.isArray(key) || key.length !== patterns.length) throw new InvalidCursor(cursor)
  const fits = key.every((part: unknown, at) => typeof part === 'string' && patterns[at]?.test(part))
  if (!fits) throw new InvalidCursor(cursor)
  return key as string[]
}

function parse(cursor: string): unknown {
  if (cursor.length > MAX_LENGTH || !/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}
