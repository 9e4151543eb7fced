import type { Knex } from 'knex'

/** The tables of the outbox are graphile-worker's, whose own steps run before ours. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- rights decide who may work on the outbox: without policies, row security would leave only the owner
    ALTER TABLE graphile_worker._private_jobs DISABLE ROW LEVEL SECURITY;
    ALTER TABLE graphile_worker._private_job_queues DISABLE ROW LEVEL SECURITY;
    ALTER TABLE graphile_worker._private_tasks DISABLE ROW LEVEL SECURITY;
    ALTER TABLE graphile_worker._private_known_crontabs DISABLE ROW LEVEL SECURITY;
    -- with the owner's rights, so that the role that serves needs none on the schema of the worker
    CREATE FUNCTION outbox_add(task text, payload json, most_attempts integer) RETURNS bigint
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS $$ SELECT (graphile_worker.add_job(task, payload, max_attempts => most_attempts)).id $$;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION outbox_add;
    DROP SCHEMA graphile_worker CASCADE;
  `)
}
