import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- when someone other than its owner last changed the address; null if never
    ALTER TABLE accounts ADD COLUMN email_changed_at timestamptz;

    SELECT grant_admin_scope('accounts:email:write', ARRAY['accounts:read', 'accounts:write']);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE client_allowances a SET scopes = array_remove(a.scopes, 'accounts:email:write')
      WHERE a.resource LIKE '%/admin/v1' AND NOT EXISTS (SELECT FROM resources r WHERE r.identifier = a.resource);
    ALTER TABLE accounts DROP COLUMN email_changed_at;
  `)
}
