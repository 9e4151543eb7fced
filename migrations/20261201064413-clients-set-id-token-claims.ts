import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE clients SET metadata = metadata || jsonb_build_object('signet_id_token_claims',
      CASE WHEN origin = 'administrator' AND profile <> 'fapi2' THEN 'all' ELSE 'minimal' END)
    WHERE profile <> 'machine' AND NOT metadata @> '{"signet_id_token_claims": "all"}'
      AND NOT metadata @> '{"signet_id_token_claims": "minimal"}';
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`UPDATE clients SET metadata = metadata - 'signet_id_token_claims';`)
}
