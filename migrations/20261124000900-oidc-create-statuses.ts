import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- the places of grants and machine clients in the published status lists
    CREATE SEQUENCE status_indexes MINVALUE 0 START 0 AS bigint;
    ALTER TABLE grants ADD COLUMN status_index bigint NOT NULL DEFAULT nextval('status_indexes');
    CREATE UNIQUE INDEX grants_status_index ON grants (status_index);

    CREATE TABLE client_statuses (
      client_id text PRIMARY KEY,
      status_index bigint NOT NULL UNIQUE DEFAULT nextval('status_indexes')
    );

    -- kept while an access token of the ended grant can live
    CREATE TABLE ended_statuses (
      status_index bigint PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX ended_statuses_expiry ON ended_statuses (expires_at);

    -- however a grant ends, its place is marked
    CREATE FUNCTION mark_ended_grant() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO ended_statuses VALUES (OLD.status_index, now() + interval '25 hours') ON CONFLICT DO NOTHING;
      RETURN NULL;
    END $$;
    CREATE TRIGGER grants_mark_ended AFTER DELETE ON grants FOR EACH ROW EXECUTE FUNCTION mark_ended_grant();

    CREATE TABLE revoked_tokens (
      -- SHA-256 of the token's jti
      id bytea PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE revoked_tokens;
    DROP TRIGGER grants_mark_ended ON grants;
    DROP FUNCTION mark_ended_grant();
    DROP TABLE ended_statuses;
    DROP TABLE client_statuses;
    ALTER TABLE grants DROP COLUMN status_index;
    DROP SEQUENCE status_indexes;
  `)
}
