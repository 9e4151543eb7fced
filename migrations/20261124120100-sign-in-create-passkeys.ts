import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- by which an authenticator knows the account: random, so that it tells nothing of the person (WebAuthn §14.6.1)
    CREATE TABLE passkey_users (
      account_sub text PRIMARY KEY REFERENCES accounts (sub) ON DELETE CASCADE,
      user_handle bytea NOT NULL UNIQUE
    );

    CREATE TABLE passkeys (
      id text PRIMARY KEY,
      account_sub text NOT NULL REFERENCES passkey_users (account_sub) ON DELETE CASCADE,
      credential_id bytea NOT NULL UNIQUE,
      -- a COSE key: public, a thief of it can sign nothing
      public_key bytea NOT NULL,
      sign_count bigint NOT NULL,
      -- whether it may be copied to the person's other devices (backup eligible); never changes
      synced boolean NOT NULL,
      transports text[] NOT NULL,
      name text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
      last_used_at timestamptz
    );
    CREATE INDEX passkeys_account ON passkeys (account_sub, created_at);

    CREATE TABLE spent_passkey_challenges (
      -- SHA-256 of the challenge
      digest bytea PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX spent_passkey_challenges_expiry ON spent_passkey_challenges (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE spent_passkey_challenges;
    DROP TABLE passkeys;
    DROP TABLE passkey_users;
  `)
}
