import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE resources
      ADD COLUMN access_token_typ text NOT NULL DEFAULT 'at+jwt'
        CONSTRAINT resources_access_token_typ CHECK (access_token_typ IN ('at+jwt', 'JWT'));
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE resources DROP COLUMN access_token_typ`)
}
