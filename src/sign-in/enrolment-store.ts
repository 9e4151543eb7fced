/** What an account has to be asked for besides its first proof: one look at the tables of all methods. */
import type { Queryable } from '#database/database.ts'

export interface Enrolment {
  /** An authenticator app. */
  readonly more: boolean
  readonly passkey: boolean
  /** Whether the password is to be replaced by its owner. */
  readonly mustChange: boolean
}

export interface Enrolments {
  of(sub: string): Promise<Enrolment>
}

export function createEnrolments(db: Queryable): Enrolments {
  return {
    async of(sub) {
      const { rows } = await db.query<Enrolment>(
        `SELECT EXISTS (SELECT FROM totp_credentials WHERE account_sub = $1 AND sealed IS NOT NULL) AS more,
                EXISTS (SELECT FROM passkeys WHERE account_sub = $1) AS passkey,
                EXISTS (SELECT FROM password_credentials WHERE account_sub = $1 AND must_change) AS "mustChange"`,
        [sub],
      )
      return rows[0] as Enrolment
    },
  }
}
