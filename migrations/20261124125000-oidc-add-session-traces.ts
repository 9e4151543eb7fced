import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE sessions
      ADD COLUMN last_used_at timestamptz,
      -- address and device of that use: personal data, which a dump is not to tell, so sealed
      ADD COLUMN seen_from bytea;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE sessions DROP COLUMN seen_from, DROP COLUMN last_used_at`)
}
