import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE email_codes (
      -- HMAC of purpose, address, account and browser: one code each
      key bytea PRIMARY KEY,
      -- HMAC of the eight digits with the key of the row
      code_mac bytea NOT NULL,
      -- SHA-256 of the purpose and 256 random bits
      token_hash bytea NOT NULL UNIQUE,
      -- the address and the account that it is for
      sealed bytea NOT NULL,
      tries smallint NOT NULL DEFAULT 0,
      spent boolean NOT NULL DEFAULT false,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX email_codes_expires_at ON email_codes (expires_at);
    CREATE TABLE email_code_mails (
      -- HMAC of an address
      key bytea PRIMARY KEY,
      -- of the last hour
      sent_at timestamptz[] NOT NULL,
      last_at timestamptz NOT NULL
    );
    CREATE INDEX email_code_mails_last_at ON email_code_mails (last_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE email_codes, email_code_mails;`)
}
