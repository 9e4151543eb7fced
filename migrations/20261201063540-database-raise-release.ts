import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // release 1 cannot check the passwords that release 2 seals after the next migration
  await knex.raw(`UPDATE schema_release SET release = 2, oldest_compatible = 2`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`UPDATE schema_release SET release = 1, oldest_compatible = 1`)
}
