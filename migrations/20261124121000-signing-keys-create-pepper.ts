import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- the secret behind HMACs that outlive a master key, sealed under one: without it they cannot be guessed back
    CREATE TABLE pepper (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      sealed bytea NOT NULL
    );
    -- until when the servers that seal under the key have said that they do
    ALTER TABLE master_key_checks ADD COLUMN in_use_until timestamptz NOT NULL DEFAULT now();
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE master_key_checks DROP COLUMN in_use_until; DROP TABLE pepper;`)
}
