import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE resources ADD COLUMN authorization_details_types jsonb NOT NULL DEFAULT '[]'`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE resources DROP COLUMN authorization_details_types`)
}
