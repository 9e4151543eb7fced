import type { Knex } from 'knex'

/** Names the deleted client, so that an administrator can let its app register again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- null for a client that was deleted before there was this column
    ALTER TABLE refused_registrations ADD COLUMN client_id text;
    CREATE INDEX refused_registrations_client ON refused_registrations (client_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE refused_registrations DROP COLUMN client_id`)
}
