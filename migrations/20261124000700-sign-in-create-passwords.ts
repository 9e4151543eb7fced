import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE password_credentials (
      account_sub text PRIMARY KEY REFERENCES accounts (sub) ON DELETE CASCADE,
      -- a PHC string of argon2id
      hash text NOT NULL,
      must_change boolean NOT NULL DEFAULT false,
      updated_at timestamptz NOT NULL DEFAULT now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE password_credentials;`)
}
