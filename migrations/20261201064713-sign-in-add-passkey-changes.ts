import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- when it first answered with a counter that went back, or with another kind of backup than it was made with
    ALTER TABLE passkeys ADD COLUMN changed_at timestamptz;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE passkeys DROP COLUMN changed_at;`)
}
