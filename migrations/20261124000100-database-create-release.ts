import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE schema_release (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      release integer NOT NULL,
      -- the oldest release of Signet that may serve from this schema
      oldest_compatible integer NOT NULL
    );
    INSERT INTO schema_release (release, oldest_compatible) VALUES (1, 1);

    -- one row for each master key that ever sealed something here; the value opens with that key alone
    CREATE TABLE master_key_checks (
      key_id text PRIMARY KEY,
      sealed bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE master_key_checks; DROP TABLE schema_release;`)
}
