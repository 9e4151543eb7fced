import type { Knex } from 'knex'

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE artefacts
      -- when the next poll of a waiting device (RFC 8628 §3.5) is not too soon; null before the first one
      ADD COLUMN next_poll_at timestamptz,
      -- the interval between polls, in seconds; null before the first one
      ADD COLUMN poll_interval smallint,
      -- whether the last poll came too soon
      ADD COLUMN polled_too_soon boolean
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(
    'ALTER TABLE artefacts DROP COLUMN next_poll_at, DROP COLUMN poll_interval, DROP COLUMN polled_too_soon',
  )
}
