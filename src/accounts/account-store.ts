/** The SQL of the table `accounts`. */
import type { Queryable } from '#database/database.ts'
import { decodeCursor, encodeCursor } from '#shared/cursor.ts'
import type { Account } from './account.ts'
import type { AccountFields } from './validation.ts'

interface Row {
  sub: string
  email: string
  email_verified: boolean
  name: string | null
  claims: Record<string, unknown>
  email_changed_at: Date | null
  status: Account['status']
  version: number
  mail_links_version: number
  created_at: Date
  updated_at: Date
}

const COLUMNS =
  'sub, email, email_verified, email_changed_at, name, claims, status, version, mail_links_version, created_at, updated_at'
/** Includes microseconds, which a Date lacks, so that paging does not skip rows of the same millisecond. */
const SORT_KEY = `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const CURSOR = [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, /^[\x21-\x7E]{1,128}$/]

const INSERT = `INSERT INTO accounts (sub, email, email_verified, name, claims, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`
const UPDATE = `UPDATE accounts SET email = $2, email_verified = $3, name = $4, claims = $5, version = version + 1,
    mail_links_version = mail_links_version + CASE WHEN $9 THEN 1 ELSE 0 END, updated_at = $6,
    email_changed_at = CASE WHEN NOT $9 THEN email_changed_at WHEN $8 THEN NULL ELSE $6 END
  WHERE sub = $1 AND version = $7 RETURNING ${COLUMNS}`
const SET_STATUS = `UPDATE accounts SET status = $2, version = version + 1, mail_links_version = mail_links_version + 1,
    updated_at = $3
  WHERE sub = $1 AND version = $4 RETURNING ${COLUMNS}`
const LIST = `SELECT ${COLUMNS}, ${SORT_KEY} AS sort_key FROM accounts
  WHERE $1::text IS NULL OR (created_at, sub) > ($1::timestamptz, $2)
  ORDER BY created_at, sub LIMIT $3`

/** Statements on `db`, which is the pool or a transaction. */
export function createAccountStore(db: Queryable) {
  async function one(text: string, values: readonly unknown[]): Promise<Account | undefined> {
    const { rows } = await db.query<Row>(text, values)
    return rows[0] && toAccount(rows[0])
  }

  return {
    /** Undefined when the e-mail address is taken. */
    insert: (accountId: string, fields: AccountFields, at: Date) => one(INSERT, [accountId, ...changeable(fields), at]),

    read: (accountId: string) => one(`SELECT ${COLUMNS} FROM accounts WHERE sub = $1`, [accountId]),

    readByEmail: (email: string) => one(`SELECT ${COLUMNS} FROM accounts WHERE lower(email) = lower($1)`, [email]),

    /** Returns a page of accounts, oldest first. */
    async list(limit: number, cursor: string | undefined) {
      const [at, accountId] = cursor === undefined ? [null, null] : decodeCursor(cursor, CURSOR)
      const { rows } = await db.query<Row & { sort_key: string }>(LIST, [at, accountId, limit + 1])
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        items: rows.slice(0, limit).map(toAccount),
        nextCursor: last ? encodeCursor([last.sort_key, last.sub]) : null,
      }
    },

    /**
     * Undefined when the account is gone or its version is no longer `version`. `byOwner`: the person changes it.
     * `isMoved`: mail to the new address may reach someone else.
     */
    update: (
      accountId: string,
      fields: AccountFields,
      { version, at, byOwner, isMoved }: { version: number; at: Date; byOwner: boolean; isMoved: boolean },
    ) => one(UPDATE, [accountId, ...changeable(fields), at, version, byOwner, isMoved]),

    /** Undefined when the account is gone or its version is no longer `version`. */
    setStatus: (change: { accountId: string; status: Account['status']; version: number; at: Date }) =>
      one(SET_STATUS, [change.accountId, change.status, change.at, change.version]),

    async endMailLinks(accountId: string): Promise<void> {
      await db.query('UPDATE accounts SET mail_links_version = mail_links_version + 1 WHERE sub = $1', [accountId])
    },

    /** Ends all links of the account. Returns false if they have ended since `mailLinksVersion`. */
    async useMailLink(accountId: string, mailLinksVersion: number): Promise<boolean> {
      const { rowCount } = await db.query(
        'UPDATE accounts SET mail_links_version = mail_links_version + 1 WHERE sub = $1 AND mail_links_version = $2',
        [accountId, mailLinksVersion],
      )
      return rowCount === 1
    },

    /** False when the account is gone or its version is no longer `version`. */
    async remove(accountId: string, version: number): Promise<boolean> {
      const { rowCount } = await db.query('DELETE FROM accounts WHERE sub = $1 AND version = $2', [accountId, version])
      return rowCount === 1
    },
  }
}

function changeable(fields: AccountFields): unknown[] {
  return [fields.email, fields.emailVerified, fields.name ?? null, JSON.stringify(fields.claims)]
}

function toAccount(row: Row): Account {
  return {
    id: row.sub,
    email: row.email,
    emailVerified: row.email_verified,
    emailChangedAt: row.email_changed_at ?? undefined,
    name: row.name ?? undefined,
    claims: row.claims,
    status: row.status,
    version: row.version,
    mailLinksVersion: row.mail_links_version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
