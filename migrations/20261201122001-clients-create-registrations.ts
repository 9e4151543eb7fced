import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- clients that registered themselves (RFC 7591)
    CREATE TABLE client_registrations (
      client_id text PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
      -- SHA-256 of the registration access token (RFC 7592); null for a client that others may share
      token_digest bytea,
      -- SHA-256 of what a public client registered: an identical registration gets the same client
      metadata_digest bytea UNIQUE,
      -- the initial access token that it registered with; null without one
      initial_access_token text,
      -- what it may register, also when it changes itself
      policy jsonb NOT NULL,
      -- the last token, authorization or identical registration
      last_used_at timestamptz NOT NULL
    );
    CREATE INDEX client_registrations_unused ON client_registrations (last_used_at) WHERE initial_access_token IS NULL;

    -- lists of one origin
    CREATE INDEX clients_origin ON clients (origin, created_at, id);

    -- what registered a client that an administrator deleted
    CREATE TABLE refused_registrations (
      metadata_digest bytea PRIMARY KEY,
      refused_at timestamptz NOT NULL
    );

    CREATE TABLE initial_access_tokens (
      id text PRIMARY KEY,
      -- SHA-256: a generated value of 256 bits cannot be guessed back
      digest bytea NOT NULL UNIQUE,
      name text,
      policy jsonb NOT NULL,
      -- null for no limit
      max_uses integer,
      uses integer NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX initial_access_tokens_list ON initial_access_tokens (created_at, id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE initial_access_tokens; DROP TABLE refused_registrations; DROP TABLE client_registrations;
     DROP INDEX clients_origin;`)
}
