import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE signing_keys (
      kid text PRIMARY KEY,
      alg text NOT NULL,
      status text NOT NULL,
      public_jwk jsonb NOT NULL,
      -- sealed under the master key; null once retired: a key that no longer signs keeps no private part
      private_jwk bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      activated_at timestamptz,
      retired_at timestamptz
    );
    CREATE UNIQUE INDEX signing_keys_current ON signing_keys (alg) WHERE status = 'current';
    CREATE UNIQUE INDEX signing_keys_next ON signing_keys (alg) WHERE status = 'next';
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE signing_keys;`)
}
