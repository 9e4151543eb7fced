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

/** Refuses while there are sealed passwords: they cannot be opened here, and would be lost with their column. */
export async function down(knex: Knex): Promise<void> {
  // no password can be set between this check and the change
  await knex.raw('LOCK TABLE password_credentials')
  const { rows } = await knex.raw<{ rows: unknown[] }>('SELECT 1 FROM password_credentials WHERE hash IS NULL LIMIT 1')
  if (rows.length > 0) {
    const message =
      'This step cannot be taken back: it would delete all sealed passwords, which the version before cannot read. To return to that version, restore the database from before the upgrade.'
    throw Object.assign(new Error(message), { name: 'StepStays' })
  }
  await knex.raw(`
    DROP INDEX password_credentials_plain;
    ALTER TABLE password_credentials
      DROP CONSTRAINT password_credentials_stored,
      ALTER COLUMN hash SET NOT NULL,
      DROP COLUMN sealed;
  `)
}
