import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- the documents behind client ids that are URLs, also those that could not be used
    CREATE TABLE client_documents (
      id text PRIMARY KEY,
      etag text,
      last_modified text,
      fetched_at timestamptz,
      attempted_at timestamptz NOT NULL,
      next_at timestamptz NOT NULL,
      error text,
      faults text,
      consent_since timestamptz
    );
    CREATE INDEX client_documents_attempted ON client_documents (attempted_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE client_documents`)
}
