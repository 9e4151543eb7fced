import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE clients
      ADD COLUMN origin text NOT NULL DEFAULT 'administrator'
        CONSTRAINT clients_origin CHECK (origin IN ('administrator', 'registration', 'document'));
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE clients DROP COLUMN origin`)
}
