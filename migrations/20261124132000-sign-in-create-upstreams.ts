import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE upstreams (
      id text PRIMARY KEY,
      name text NOT NULL,
      -- never changes: the subjects of the links are this issuer's
      issuer text NOT NULL,
      client_id text NOT NULL,
      auth_method text NOT NULL,
      -- the client secret or the private key, sealed
      credential bytea NOT NULL,
      public_jwk jsonb,
      scopes text[] NOT NULL,
      claims jsonb NOT NULL,
      just_in_time boolean NOT NULL,
      logout boolean NOT NULL,
      enabled boolean NOT NULL,
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE TABLE upstream_domains (
      domain text PRIMARY KEY,
      upstream text NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE
    );
    CREATE INDEX upstream_domains_upstream ON upstream_domains (upstream);
    CREATE TABLE upstream_links (
      upstream text NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
      -- as the provider names the person: who reads it learns who has an account there, and can sign in nowhere
      subject text NOT NULL,
      account_sub text NOT NULL REFERENCES accounts (sub) ON DELETE CASCADE,
      created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
      last_used_at timestamptz,
      PRIMARY KEY (upstream, subject)
    );
    CREATE INDEX upstream_links_account ON upstream_links (account_sub);
    CREATE TABLE upstream_requests (
      -- SHA-256 of what the state is for and of its 256 random bits
      state_hash bytea PRIMARY KEY,
      -- SHA-256 of the interaction's id
      interaction_id bytea NOT NULL,
      -- the interaction, the provider, nonce and PKCE verifier
      sealed bytea NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX upstream_requests_expiry ON upstream_requests (expires_at);
    CREATE TABLE upstream_offers (
      -- SHA-256 of the interaction's id
      interaction_id bytea PRIMARY KEY,
      -- whom the provider vouched for, to be linked to the account that is proven next
      sealed bytea NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX upstream_offers_expiry ON upstream_offers (expires_at);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE upstream_offers, upstream_requests, upstream_links, upstream_domains, upstreams;')
}
