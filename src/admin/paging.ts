/** Paging of lists: `?limit=` (1 to 200, default 50) and `?cursor=`, answered as `{items, next_cursor}`. */
import { z } from 'zod'
import { decodeCursor, encodeCursor } from '#shared/cursor.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

/** Query parameters of every list. Their values are strings. */
export const PAGE_QUERY = {
  limit: z
    .string()
    .refine((value) => /^[0-9]{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_LIMIT, {
      error: `a whole number from 1 to ${MAX_LIMIT}`,
    })
    .optional()
    .meta({
      description: `How many to return, 1 to ${MAX_LIMIT}; ${DEFAULT_LIMIT} when absent.`,
      override: ({ jsonSchema }) => {
        Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
      },
    }),
  cursor: z
    .string()
    .regex(/^.{1,1024}$/, 'the next_cursor of the page before')
    .optional()
    .meta({ description: 'The `next_cursor` of the page before.' }),
}

export interface PageQuery {
  readonly limit?: string | undefined
  readonly cursor?: string | undefined
}

export const pageQuery = z.strictObject(PAGE_QUERY)

export function pageSchema<Item extends z.ZodType>(item: Item, name: string) {
  return z
    .strictObject({
      items: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: 'Give it as `cursor` for the next page; null on the last.' }),
    })
    .meta({ id: name })
}

/** Returns the page to request from a service. */
export function pageOf({ limit: asked, cursor }: PageQuery): { limit: number; cursor?: string } {
  const limit = asked === undefined ? DEFAULT_LIMIT : Number(asked)
  return cursor === undefined ? { limit } : { limit, cursor }
}

/** Returns a page of a list that is read as a whole because it is short. `idOf` returns the id of an item. */
export function pageOfAll<Item>(
  all: readonly Item[],
  query: PageQuery,
  idOf: (item: Item) => string,
): { items: readonly Item[]; next_cursor: string | null } {
  const { limit, cursor } = pageOf(query)
  const [after] = cursor === undefined ? [] : decodeCursor(cursor, [/^.{1,256}$/])
  // The list cannot continue after an item that has been deleted, so the page is empty.
  const at = after === undefined ? -1 : all.findIndex((item) => idOf(item) === after)
  const rest = after !== undefined && at === -1 ? [] : all.slice(at + 1)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, next_cursor: last !== undefined && rest.length > items.length ? encodeCursor([idOf(last)]) : null }
}
