import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE upstreams
      -- the preset that the provider was added with; null for none
      ADD COLUMN preset text,
      -- what the administrator gave for it
      ADD COLUMN preset_values jsonb NOT NULL DEFAULT '{}'
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE upstreams DROP COLUMN preset, DROP COLUMN preset_values')
}
