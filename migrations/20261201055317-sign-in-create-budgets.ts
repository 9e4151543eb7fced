import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE sign_in_budgets (
      -- HMAC of the subject of the limit, such as an address
      key bytea PRIMARY KEY,
      kind text NOT NULL,
      -- a leaky bucket, written as the time at which it is empty
      empties_at timestamptz NOT NULL,
      -- when a successful sign-in took back more than its own count, within the last hour
      eased_at timestamptz[] NOT NULL DEFAULT '{}'
    ) WITH (fillfactor = 70);
    CREATE INDEX sign_in_budgets_empties_at ON sign_in_budgets (empties_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE sign_in_budgets;`)
}
