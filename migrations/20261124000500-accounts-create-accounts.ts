import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE accounts (
      sub text PRIMARY KEY,
      email text NOT NULL,
      email_verified boolean NOT NULL DEFAULT false,
      name text,
      claims jsonb NOT NULL DEFAULT '{}',
      status text NOT NULL DEFAULT 'enabled',
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX accounts_email ON accounts (lower(email));
    CREATE INDEX accounts_list ON accounts (created_at, sub);
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE accounts;`)
}
