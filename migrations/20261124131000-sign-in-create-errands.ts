import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE mail_errands (
      -- SHA-256 of the interaction, the session or the 256 random bits that it belongs to
      key bytea PRIMARY KEY,
      -- what it is for, the address, and whether that was proven
      sealed bytea NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX mail_errands_expires_at ON mail_errands (expires_at);
    CREATE TABLE invitations (
      account_sub text PRIMARY KEY REFERENCES accounts (sub) ON DELETE CASCADE,
      -- SHA-256 of 256 random bits
      token_hash bytea NOT NULL UNIQUE,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX invitations_expires_at ON invitations (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE invitations, mail_errands;`)
}
