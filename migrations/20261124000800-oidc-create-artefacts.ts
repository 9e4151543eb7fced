import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE grants (
      id text PRIMARY KEY,
      account_id text,
      client_id text,
      payload jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz
    );
    CREATE INDEX grants_account ON grants (account_id);
    CREATE INDEX grants_client ON grants (client_id);
    CREATE INDEX grants_expiry ON grants (expires_at);

    CREATE TABLE artefacts (
      kind text NOT NULL,
      -- SHA-256 of the bearer value
      id bytea NOT NULL,
      -- without the bearer value and without what opens a door: that is in sealed
      payload jsonb NOT NULL,
      sealed bytea,
      grant_id text REFERENCES grants (id) ON DELETE CASCADE,
      account_id text,
      client_id text,
      -- HMAC of the user code
      user_code bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      consumed_at timestamptz,
      -- the token that followed a rotated refresh token, sealed under a key derived from the rotated one
      successor bytea,
      PRIMARY KEY (kind, id)
    ) PARTITION BY LIST (kind);
    CREATE TABLE artefacts_authorization_code PARTITION OF artefacts FOR VALUES IN ('AuthorizationCode');
    CREATE TABLE artefacts_refresh_token PARTITION OF artefacts FOR VALUES IN ('RefreshToken');
    CREATE TABLE artefacts_access_token PARTITION OF artefacts FOR VALUES IN ('AccessToken');
    CREATE TABLE artefacts_client_credentials PARTITION OF artefacts FOR VALUES IN ('ClientCredentials');
    CREATE TABLE artefacts_device_code PARTITION OF artefacts FOR VALUES IN ('DeviceCode');
    CREATE TABLE artefacts_backchannel_request PARTITION OF artefacts FOR VALUES IN ('BackchannelAuthenticationRequest');
    CREATE TABLE artefacts_pushed_request PARTITION OF artefacts FOR VALUES IN ('PushedAuthorizationRequest');
    CREATE TABLE artefacts_interaction PARTITION OF artefacts FOR VALUES IN ('Interaction');
    CREATE TABLE artefacts_registration_token PARTITION OF artefacts FOR VALUES IN ('RegistrationAccessToken', 'InitialAccessToken');
    CREATE TABLE artefacts_pre_authorized_code PARTITION OF artefacts FOR VALUES IN ('PreAuthorizedCode');
    CREATE INDEX artefacts_grant ON artefacts (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX artefacts_expiry ON artefacts (expires_at);
    CREATE UNIQUE INDEX artefacts_user_code ON artefacts (kind, user_code) WHERE user_code IS NOT NULL;

    CREATE TABLE replay_reservations (
      -- SHA-256 of issuer, NUL and jti
      id bytea PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX replay_reservations_expiry ON replay_reservations (expires_at);

    CREATE TABLE sessions (
      uid text PRIMARY KEY,
      account_id text,
      payload jsonb NOT NULL,
      sealed bytea,
      -- by client id: merged, never overwritten
      authorizations jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      signed_in_at timestamptz,
      expires_at timestamptz NOT NULL,
      -- once set the session stays ended
      ended_at timestamptz
    );
    CREATE INDEX sessions_account ON sessions (account_id);
    CREATE INDEX sessions_expiry ON sessions (expires_at);

    CREATE TABLE session_ids (
      -- SHA-256 of the cookie's value
      id bytea PRIMARY KEY,
      uid text NOT NULL REFERENCES sessions (uid) ON DELETE CASCADE,
      -- a rotated id lives on for some seconds
      valid_until timestamptz
    );
    CREATE INDEX session_ids_uid ON session_ids (uid);

    CREATE TABLE consents (
      account_id text NOT NULL,
      client_id text NOT NULL,
      openid_scopes text[] NOT NULL DEFAULT '{}',
      -- resource identifier → array of scopes
      resource_scopes jsonb NOT NULL DEFAULT '{}',
      granted_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (account_id, client_id)
    );
    CREATE INDEX consents_client ON consents (client_id);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    `DROP TABLE consents; DROP TABLE session_ids; DROP TABLE sessions; DROP TABLE replay_reservations; DROP TABLE artefacts; DROP TABLE grants;`,
  )
}
