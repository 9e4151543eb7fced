import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE clients (
      id text PRIMARY KEY,
      profile text NOT NULL,
      status text NOT NULL DEFAULT 'enabled',
      metadata jsonb NOT NULL,
      openid_scopes text[] NOT NULL,
      default_resource text,
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX clients_list ON clients (created_at, id);

    CREATE TABLE client_allowances (
      client_id text NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      resource text NOT NULL,
      scopes text[] NOT NULL,
      PRIMARY KEY (client_id, resource)
    );
    CREATE INDEX client_allowances_resource ON client_allowances (resource);

    -- generated values of 256 bits: a plain digest cannot be guessed back
    CREATE TABLE client_secrets (
      id text PRIMARY KEY,
      client_id text NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      digest bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz
    );
    CREATE INDEX client_secrets_client ON client_secrets (client_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE client_secrets; DROP TABLE client_allowances; DROP TABLE clients;`)
}
