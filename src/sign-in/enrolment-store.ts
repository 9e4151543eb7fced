/** Reads in one query which sign-in methods an account has set up, and which credentials it must replace. */
import type { Queryable } from '#database/database.ts'
import type { MethodTraits } from './sign-in-method.ts'

export interface Enrolment {
  /** The names of the methods that the account has set up. */
  readonly methods: readonly string[]
  /** The names of the methods whose credential the person must replace. */
  readonly mustReplace: readonly string[]
}

export interface Enrolments {
  of(accountId: string): Promise<Enrolment>
}

export function createEnrolments(db: Queryable, methods: readonly MethodTraits[]): Enrolments {
  const enrolled = namesWhere(methods, 'credentials')
  const mustReplace = namesWhere(methods, 'mustReplace')
  const text = `SELECT ${enrolled} AS methods, ${mustReplace} AS "mustReplace"
                FROM (SELECT $1::text AS sub, $2::text[] AS names) AS asked`
  const names = methods.map(({ name }) => name)
  return {
    async of(accountId) {
      const { rows } = await db.query<Enrolment>(text, [accountId, names])
      return rows[0] as Enrolment
    },
  }
}

/** Returns SQL for an array of the method names whose query finds a row. */
function namesWhere(methods: readonly MethodTraits[], query: 'credentials' | 'mustReplace'): string {
  const cases = methods.flatMap(({ [query]: select }, at) =>
    select === undefined ? [] : [`CASE WHEN EXISTS (${select}) THEN names[${at + 1}] END`],
  )
  return `array_remove(ARRAY[${cases.join(', ')}]::text[], NULL)`
}
