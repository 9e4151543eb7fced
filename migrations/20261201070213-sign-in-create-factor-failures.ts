import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE factor_failures (
      account_sub text NOT NULL REFERENCES accounts (sub) ON DELETE CASCADE,
      -- the name of the sign-in method
      method text NOT NULL,
      -- wrong codes in a row, after the first proof
      failures integer NOT NULL,
      PRIMARY KEY (account_sub, method)
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE factor_failures;`)
}
