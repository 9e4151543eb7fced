import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX artefacts_backchannel_request_account ON artefacts_backchannel_request (account_id);
    CREATE INDEX artefacts_backchannel_request_client ON artefacts_backchannel_request (client_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX artefacts_backchannel_request_account; DROP INDEX artefacts_backchannel_request_client;')
}
