import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- beside the function of the release before: a job with a key replaces the one that waits with the same key
    CREATE FUNCTION outbox_add(task text, payload json, most_attempts integer, key text, priority integer) RETURNS bigint
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$ SELECT (graphile_worker.add_job(task, payload, max_attempts => most_attempts, job_key => key,
        priority => priority)).id $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP FUNCTION outbox_add(text, json, integer, text, integer);`)
}
