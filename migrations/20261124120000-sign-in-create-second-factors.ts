import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE totp_credentials (
      account_sub text PRIMARY KEY REFERENCES accounts (sub) ON DELETE CASCADE,
      -- the secret, sealed; null until the first one was confirmed
      sealed bytea,
      -- the time step of the newest code that was used: a code counts once
      last_step bigint,
      confirmed_at timestamptz,
      last_used_at timestamptz,
      -- a secret that was shown and not confirmed yet, sealed
      pending bytea,
      pending_until timestamptz
    );
    CREATE TABLE recovery_codes (
      account_sub text NOT NULL REFERENCES accounts (sub) ON DELETE CASCADE,
      -- HMAC under a key outside the database: 60 bits could be guessed against a plain digest
      mac bytea NOT NULL,
      PRIMARY KEY (account_sub, mac)
    );
    CREATE TABLE sign_in_progress (
      -- SHA-256 of the interaction's uid
      interaction_id bytea PRIMARY KEY,
      account_sub text NOT NULL REFERENCES accounts (sub) ON DELETE CASCADE,
      -- what was proven so far (RFC 8176)
      amr text[] NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX sign_in_progress_account_sub ON sign_in_progress (account_sub);
    CREATE INDEX sign_in_progress_expires_at ON sign_in_progress (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE sign_in_progress; DROP TABLE recovery_codes; DROP TABLE totp_credentials;`)
}
