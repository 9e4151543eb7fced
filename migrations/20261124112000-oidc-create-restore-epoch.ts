import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE restore_epoch (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      -- the highest number that a server brought; a server with a lower one has a copy from before a restore
      epoch integer NOT NULL,
      -- a whole second: client assertions made before it are refused
      began_at timestamptz NOT NULL,
      -- every place of the status lists below it is not valid
      first_status_index bigint NOT NULL
    );
    INSERT INTO restore_epoch (epoch, began_at, first_status_index) VALUES (0, to_timestamp(0), 0);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE restore_epoch;`)
}
