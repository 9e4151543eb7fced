import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE resources (
      identifier text PRIMARY KEY,
      -- scheme and host in lower case, one trailing slash cut: two spellings of one identifier are one resource
      canonical text NOT NULL UNIQUE,
      name text NOT NULL,
      scopes jsonb NOT NULL,
      access_token_format text NOT NULL,
      signing_alg text NOT NULL,
      access_token_ttl_seconds integer,
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE resources;`)
}
