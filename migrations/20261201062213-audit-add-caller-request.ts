import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  // the request id that the caller sent; request_id is ours
  await knex.raw(`ALTER TABLE audit_events ADD COLUMN caller_request_id text`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TABLE audit_events DROP COLUMN caller_request_id`)
}
