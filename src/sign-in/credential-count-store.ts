/** Counts the credentials that an account can sign in with, to protect the last one from removal. */
import type { Queryable } from '#database/database.ts'
import type { MethodTraits } from './sign-in-method.ts'

export function createCredentialCountStore(methods: readonly MethodTraits[]) {
  const counts = methods.flatMap(({ first, credentials }) =>
    first && credentials !== undefined ? [`(SELECT count(*) FROM (${credentials}) AS credentials)::int`] : [],
  )
  const text = `SELECT ${['0', ...counts].join(' + ')} AS count FROM (SELECT $1::text AS sub) AS asked`
  return {
    /**
     * Returns how many credentials are left in this transaction. Locks the account until the transaction ends, so that
     * two concurrent removals cannot both count the credential that the other one removes.
     */
    async left(trx: Queryable, accountId: string): Promise<number> {
      await trx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`ways_in ${accountId}`])
      const { rows } = await trx.query<{ count: number }>(text, [accountId])
      return rows[0]?.count ?? 0
    },
  }
}
