/** Counts the credentials by which an account can be signed in to, for whoever takes one of them away. */
import type { Queryable } from '#database/database.ts'
import type { MethodTraits } from './sign-in-method.ts'

export function createCredentialCountStore(methods: readonly MethodTraits[]) {
  const counts = methods.flatMap(({ first, credentials }) =>
    first && credentials !== undefined ? [`(SELECT count(*) FROM (${credentials}) AS credentials)::int`] : [],
  )
  const text = `SELECT ${['0', ...counts].join(' + ')} AS count FROM (SELECT $1::text AS sub) AS asked`
  return {
    /**
     * How many are left in this transaction. Whoever else takes one away of the same account waits for its end, so
     * that two at once cannot each count on what the other removes.
     */
    async left(trx: Queryable, accountId: string): Promise<number> {
      await trx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`ways_in ${accountId}`])
      const { rows } = await trx.query<{ count: number }>(text, [accountId])
      return rows[0]?.count ?? 0
    },
  }
}
