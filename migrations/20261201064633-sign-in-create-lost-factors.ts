import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE lost_factor_requests (
      account_sub text PRIMARY KEY REFERENCES accounts (sub) ON DELETE CASCADE,
      -- the account's version of mailed links: a request ends with any change that ends those
      mail_links_version integer NOT NULL,
      requested_at timestamptz NOT NULL,
      -- when a password and a code by mail begin to replace the lost method
      ready_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX lost_factor_requests_expiry ON lost_factor_requests (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE lost_factor_requests')
}
