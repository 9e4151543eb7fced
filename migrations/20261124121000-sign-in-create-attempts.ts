import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE sign_in_attempts (
      -- HMAC of what is counted by: people type passwords where their name belongs
      key bytea PRIMARY KEY,
      kind text NOT NULL,
      failures integer NOT NULL,
      last_at timestamptz NOT NULL,
      blocked_until timestamptz
    ) WITH (fillfactor = 70);
    CREATE INDEX sign_in_attempts_last_at ON sign_in_attempts (last_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE sign_in_attempts;`)
}
