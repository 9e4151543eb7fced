import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE audit_events (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at timestamptz NOT NULL DEFAULT now(),
      type text NOT NULL,
      outcome text NOT NULL,
      actor_kind text NOT NULL,
      actor_id text,
      subject_kind text,
      subject_id text,
      client_id text,
      account_id text,
      address text,
      request_id text,
      reason text,
      detail jsonb
    );
    CREATE INDEX audit_events_account ON audit_events (account_id, id DESC) WHERE account_id IS NOT NULL;
    CREATE INDEX audit_events_subject ON audit_events (subject_id, id DESC) WHERE subject_id IS NOT NULL;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE audit_events;`)
}
