import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- raised whenever the links that were mailed to the person must stop working
    ALTER TABLE accounts ADD COLUMN mail_links_version integer NOT NULL DEFAULT 0;

    -- the account's mail_links_version when the invitation was sent; without one it is refused
    ALTER TABLE invitations ADD COLUMN mail_links_version integer;
    -- open invitations stay valid if the account has not changed since and has no sign-in method
    UPDATE invitations i SET mail_links_version = 0 FROM accounts a
      WHERE a.sub = i.account_sub AND a.updated_at <= i.expires_at - interval '7 days'
        AND NOT EXISTS (SELECT FROM password_credentials WHERE account_sub = a.sub)
        AND NOT EXISTS (SELECT FROM passkeys WHERE account_sub = a.sub)
        AND NOT EXISTS (SELECT FROM upstream_links WHERE account_sub = a.sub);

    -- whether it is for a person without an account, so that closing the registration ends it
    ALTER TABLE email_codes ADD COLUMN registration boolean NOT NULL DEFAULT false;
    ALTER TABLE mail_errands ADD COLUMN registration boolean NOT NULL DEFAULT false;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE mail_errands DROP COLUMN registration;
    ALTER TABLE email_codes DROP COLUMN registration;
    ALTER TABLE invitations DROP COLUMN mail_links_version;
    ALTER TABLE accounts DROP COLUMN mail_links_version;
  `)
}
