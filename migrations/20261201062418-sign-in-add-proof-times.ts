import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // when each method was proven, in epoch seconds; empty for a sign-in that started under the previous release
  await knex.raw(`ALTER TABLE sign_in_progress ADD COLUMN proven_at jsonb NOT NULL DEFAULT '{}'`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE sign_in_progress DROP COLUMN proven_at')
}
