/** SQL for the restore epoch: what a restored database is emptied of, and the row that says it was. */
import type { Queryable } from '#database/database.ts'

/** What the database knows of restores. */
export interface RestoreEpoch {
  readonly number: number
  /** A whole second. Client assertions made before it are refused: their reservations may be lost. */
  readonly beganAt: Date
}

/**
 * Every table: whether a restore empties it. What opens a door for a person or an app goes, for the backup has it in a
 * state that may have ended since; what was registered and allowed stays.
 */
export const AFTER_RESTORE: Readonly<Record<string, 'emptied' | 'kept'>> = {
  accounts: 'kept',
  artefacts: 'emptied',
  audit_events: 'kept',
  client_allowances: 'kept',
  client_key_documents: 'kept',
  client_keys: 'kept',
  client_secrets: 'kept',
  // each client gets a place above all that the lost database may have given
  client_statuses: 'emptied',
  clients: 'kept',
  consents: 'kept',
  email_code_mails: 'kept',
  email_codes: 'emptied',
  ended_statuses: 'kept',
  grants: 'emptied',
  invitations: 'emptied',
  kept_mails: 'emptied',
  mail_errands: 'emptied',
  master_key_checks: 'kept',
  passkey_users: 'kept',
  passkeys: 'kept',
  password_credentials: 'kept',
  pepper: 'kept',
  recovery_codes: 'kept',
  replay_reservations: 'kept',
  resources: 'kept',
  restore_epoch: 'kept',
  revoked_tokens: 'kept',
  schema_migrations: 'kept',
  schema_migrations_lock: 'kept',
  schema_release: 'kept',
  session_ids: 'emptied',
  sessions: 'emptied',
  sign_in_attempts: 'kept',
  sign_in_progress: 'emptied',
  spent_passkey_challenges: 'kept',
  totp_credentials: 'kept',
  settings: 'kept',
  signing_keys: 'kept',
  upstream_domains: 'kept',
  upstream_links: 'kept',
  upstream_offers: 'emptied',
  upstream_requests: 'emptied',
  upstreams: 'kept',
}

interface Row {
  epoch: number
  began_at: Date
}

/** Whole second: the clocks of tokens and assertions have no finer one. */
const ADVANCE = `
  UPDATE restore_epoch SET epoch = $1, began_at = date_trunc('second', now()) + interval '1 second',
    first_status_index = $2 WHERE epoch < $1`

export function createRestoreEpochStore(db: Queryable) {
  return {
    /** `lock`: whoever else wants to advance it waits until this transaction is over. */
    async read({ lock = false } = {}): Promise<RestoreEpoch> {
      const { rows } = await db.query<Row>(
        `SELECT epoch, began_at FROM restore_epoch${lock ? ' FOR NO KEY UPDATE' : ''}`,
      )
      const row = rows[0] as Row
      return { number: row.epoch, beganAt: row.began_at }
    },

    /** How long it is until the epoch has begun, by the database's clock. */
    async millisecondsToBegin(): Promise<number> {
      const { rows } = await db.query<{ left: number }>(
        'SELECT (extract(epoch FROM began_at - clock_timestamp()) * 1000)::float8 AS left FROM restore_epoch',
      )
      return Math.max(0, Math.ceil(rows[0]?.left ?? 0))
    },

    /** Empties what a restore ends; one statement, whatever the number of rows. */
    async empty(): Promise<void> {
      const names = Object.keys(AFTER_RESTORE).filter((name) => AFTER_RESTORE[name] === 'emptied')
      await db.query(`TRUNCATE ${names.join(', ')}`)
    },

    /**
     * The next epoch begins with the second that follows. Places of the status lists go on at the first of the list
     * whose number is the time in seconds: no list of the lost database can have it.
     */
    async advance(epoch: number, listSize: number): Promise<void> {
      const { rows } = await db.query<{ place: string }>(
        `SELECT setval('status_indexes', greatest(
           ceil(extract(epoch FROM now()))::bigint * $1::bigint,
           ((SELECT last_value FROM status_indexes) / $1::bigint + 1) * $1::bigint), false) AS place`,
        [listSize],
      )
      await db.query(ADVANCE, [epoch, rows[0]?.place])
    },
  }
}
