/** The SQL of the table `upstream_links`: which account belongs to which person at a provider. */
import type { Queryable } from '#database/database.ts'

/** A person at a provider. A subject is unique only within its provider (OpenID Connect Core §2, ASVS 6.8.1). */
export interface UpstreamPerson {
  readonly upstream: string
  readonly subject: string
}

export interface UpstreamLink extends UpstreamPerson {
  /** The provider's display name. */
  readonly name: string
  readonly linkedAt: Date
  readonly lastUsedAt: Date | null
}

/** Selects the links of account `$1` that can be used to sign in: those to enabled providers. */
export const LINK_CREDENTIALS = `SELECT 1 FROM upstream_links l JOIN upstreams u ON u.id = l.upstream AND u.enabled
  WHERE l.account_sub = $1`

export function createLinkStore(db: Queryable) {
  return {
    /** Returns the id of the linked account, and records the use of the link. */
    async use({ upstream, subject }: UpstreamPerson): Promise<string | undefined> {
      const { rows } = await db.query<{ account_sub: string }>(
        `UPDATE upstream_links SET last_used_at = statement_timestamp()
         WHERE upstream = $1 AND subject = $2 RETURNING account_sub`,
        [upstream, subject],
      )
      return rows[0]?.account_sub
    },

    /** Adds a link; false when the person is linked to an account already. */
    async add({ upstream, subject }: UpstreamPerson, accountId: string): Promise<boolean> {
      const { rowCount } = await db.query(
        `INSERT INTO upstream_links (upstream, subject, account_sub, last_used_at)
         VALUES ($1, $2, $3, statement_timestamp()) ON CONFLICT DO NOTHING`,
        [upstream, subject, accountId],
      )
      return rowCount === 1
    },

    async remove({ upstream, subject }: UpstreamPerson, accountId: string): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM upstream_links WHERE upstream = $1 AND subject = $2 AND account_sub = $3',
        [upstream, subject, accountId],
      )
      return rowCount === 1
    },

    /** Lists the links of an account, oldest first. */
    async list(accountId: string): Promise<UpstreamLink[]> {
      const { rows } = await db.query<UpstreamLink>(
        `SELECT l.upstream, l.subject, u.name, l.created_at AS "linkedAt", l.last_used_at AS "lastUsedAt"
         FROM upstream_links l JOIN upstreams u ON u.id = l.upstream
         WHERE l.account_sub = $1 ORDER BY l.created_at, l.upstream, l.subject`,
        [accountId],
      )
      return rows
    },

    /** Whether the account has a link to an enabled provider. */
    async hasAny(accountId: string): Promise<boolean> {
      const { rows } = await db.query(`${LINK_CREDENTIALS} LIMIT 1`, [accountId])
      return rows.length > 0
    },
  }
}
