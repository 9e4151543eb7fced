import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // existing providers, and those that the previous release adds, keep the shared redirect URI
  await knex.raw(`
    ALTER TABLE upstreams
      ADD COLUMN trust_email boolean NOT NULL DEFAULT false,
      ADD COLUMN response_mode text NOT NULL DEFAULT 'query',
      ADD COLUMN own_redirect boolean NOT NULL DEFAULT false
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE upstreams DROP COLUMN trust_email, DROP COLUMN response_mode, DROP COLUMN own_redirect')
}
