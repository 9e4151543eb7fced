import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- every public key that a client was seen with; nothing here opens anything
    CREATE TABLE client_keys (
      client_id text NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      -- SHA-256 of the key's required members (RFC 7638), base64url
      thumbprint text NOT NULL,
      kid text,
      kind text NOT NULL,
      alg text,
      first_seen_at timestamptz NOT NULL,
      last_used_at timestamptz,
      revoked_at timestamptz,
      PRIMARY KEY (client_id, thumbprint)
    );

    -- what a client's jwks_uri answered last, shared by all nodes
    CREATE TABLE client_key_documents (
      client_id text PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
      uri text NOT NULL,
      keys jsonb,
      fetched_at timestamptz,
      fresh_until timestamptz,
      attempted_at timestamptz NOT NULL,
      error text
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE client_key_documents; DROP TABLE client_keys;`)
}
