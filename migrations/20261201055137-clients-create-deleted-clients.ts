import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE deleted_clients (
      id text PRIMARY KEY,
      deleted_at timestamptz NOT NULL
    );
    INSERT INTO deleted_clients (id, deleted_at)
      SELECT client_id, max(at) FROM audit_events e
      WHERE type = 'client.deleted' AND client_id IS NOT NULL AND NOT EXISTS (SELECT FROM clients c WHERE c.id = e.client_id)
      GROUP BY client_id;

    -- For migrations that introduce a scope of the admin API: grants it to the clients that already have all scopes in
    -- held. The issuer is not known here, but the admin API is the only resource that is allowed without being registered.
    CREATE FUNCTION grant_admin_scope(added text, held text[]) RETURNS void LANGUAGE sql AS $$
      WITH granted AS (
        UPDATE client_allowances a SET scopes = a.scopes || added
        WHERE a.resource LIKE '%/admin/v1' AND NOT EXISTS (SELECT FROM resources r WHERE r.identifier = a.resource)
          AND cardinality(held) > 0 AND a.scopes @> held AND NOT added = ANY (a.scopes)
        RETURNING a.client_id)
      UPDATE clients SET version = version + 1, updated_at = now() WHERE id IN (SELECT client_id FROM granted)
    $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP FUNCTION grant_admin_scope(text, text[]); DROP TABLE deleted_clients;`)
}
