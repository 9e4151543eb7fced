import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE user_codes (
      account_sub text PRIMARY KEY REFERENCES accounts (sub) ON DELETE CASCADE,
      -- an argon2id PHC string, sealed
      sealed bytea NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE user_codes;`)
}
