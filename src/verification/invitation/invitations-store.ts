/** Reads and writes the table invitations: links for people to take over their account. */
import type { Account } from '#accounts/account.ts'
import type { Queryable } from '#database/database.ts'

const LIFETIME_SECONDS = 7 * 86_400

export function createInvitationsStore(db: Queryable) {
  return {
    /** Replaces an earlier invitation. Returns when the new one expires. */
    async put({ id, mailLinksVersion }: Pick<Account, 'id' | 'mailLinksVersion'>, tokenHash: Buffer): Promise<Date> {
      const { rows } = await db.query<{ until: Date }>(
        `INSERT INTO invitations (account_sub, mail_links_version, token_hash, expires_at)
         VALUES ($1, $2, $3, statement_timestamp() + make_interval(secs => $4))
         ON CONFLICT (account_sub) DO UPDATE SET mail_links_version = excluded.mail_links_version,
           token_hash = excluded.token_hash, expires_at = excluded.expires_at
         RETURNING expires_at AS until`,
        [id, mailLinksVersion, tokenHash, LIFETIME_SECONDS],
      )
      return (rows[0] as { until: Date }).until
    },

    async find(tokenHash: Buffer): Promise<{ sub: string; mailLinksVersion: number | null } | undefined> {
      const { rows } = await db.query<{ sub: string; mailLinksVersion: number | null }>(
        `SELECT account_sub AS sub, mail_links_version AS "mailLinksVersion" FROM invitations
         WHERE token_hash = $1 AND expires_at > statement_timestamp()`,
        [tokenHash],
      )
      return rows[0]
    },

    /** Spends the invitation. Returns false if it was spent or has expired. */
    async take(tokenHash: Buffer): Promise<boolean> {
      const { rowCount } = await db.query(
        'DELETE FROM invitations WHERE token_hash = $1 AND expires_at > statement_timestamp()',
        [tokenHash],
      )
      return rowCount === 1
    },

    async endAll(): Promise<void> {
      await db.query('DELETE FROM invitations')
    },

    /** Deletes a limited number of expired rows. Returns how many. */
    async removeExpired(): Promise<number> {
      const { rowCount } = await db.query(
        `DELETE FROM invitations WHERE account_sub IN (
           SELECT account_sub FROM invitations WHERE expires_at < statement_timestamp() LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
      )
      return rowCount
    },
  }
}
