/** Lists: `?limit=` (1 to 200, default 50) and `?cursor=`, answered as `{items, next_cursor}`. */
import { z } from 'zod'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

/** Query members every list takes. Values of a query are strings. */
export const PAGE_QUERY = {
  limit: z
    .string()
    .regex(/^[0-9]{1,3}$/, `a whole number from 1 to ${MAX_LIMIT}`)
    .refine((value) => Number(value) >= 1 && Number(value) <= MAX_LIMIT, `a whole number from 1 to ${MAX_LIMIT}`)
    .optional()
    .meta({
      description: `How many to return, 1 to ${MAX_LIMIT}; ${DEFAULT_LIMIT} when absent.`,
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern
        Object.assign(jsonSchema, { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
      },
    }),
  cursor: z.string().min(1).max(1024).optional().meta({ description: 'The `next_cursor` of the page before.' }),
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

/** The page that a service is asked for. */
export function pageOf(query: { limit?: string | undefined; cursor?: string | undefined }) {
  const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit)
  return query.cursor === undefined ? { limit } : { limit, cursor: query.cursor }
}
