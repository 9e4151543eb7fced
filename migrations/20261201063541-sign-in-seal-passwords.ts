import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- the PHC string, sealed for the account; hash holds it in plain only until it is sealed
    ALTER TABLE password_credentials
      ADD COLUMN sealed bytea,
      ALTER COLUMN hash DROP NOT NULL,
      ADD CONSTRAINT password_credentials_stored CHECK (num_nonnulls(hash, sealed) > 0);
    CREATE INDEX password_credentials_plain ON password_credentials (account_sub) WHERE hash IS NOT NULL;
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX password_credentials_plain;
    -- a sealed hash cannot be opened here: its owner resets the password
    DELETE FROM password_credentials WHERE hash IS NULL;
    ALTER TABLE password_credentials
      DROP CONSTRAINT password_credentials_stored,
      ALTER COLUMN hash SET NOT NULL,
      DROP COLUMN sealed;
  `)
}
