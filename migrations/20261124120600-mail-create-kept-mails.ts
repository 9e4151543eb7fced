import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- filled in development only, where no relay takes mail
    CREATE TABLE kept_mails (
      id text PRIMARY KEY,
      -- the whole mail: it holds codes and links
      sealed bytea NOT NULL,
      kept_at timestamptz NOT NULL DEFAULT now()
    );
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`DROP TABLE kept_mails;`)
}
