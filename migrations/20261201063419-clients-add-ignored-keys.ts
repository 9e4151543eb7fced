import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- how many keys of the document come after those that are used
    ALTER TABLE client_key_documents ADD COLUMN ignored integer NOT NULL DEFAULT 0;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE client_key_documents DROP COLUMN ignored;`)
}
