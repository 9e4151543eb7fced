/** A statement that takes as long as a test wants, and can be seen to be under way. */
import pg from 'pg'
import { atEnd } from './endings.ts'

export interface HeldStatements {
  /** Ends only after `release`, run as often as wanted. */
  readonly held: string
  /** How many are under way. */
  waiting(): Promise<number>
  release(): Promise<void>
}

export async function holdStatements(url: string): Promise<HeldStatements> {
  const holder = new pg.Client(url)
  await holder.connect()
  atEnd(() => holder.end())
  await holder.query('SELECT pg_advisory_lock(1)')
  return {
    // shared, so that they do not wait for each other
    held: 'SELECT pg_advisory_xact_lock_shared(1)',
    async waiting() {
      const { rowCount } = await holder.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      )
      return rowCount ?? 0
    },
    async release() {
      await holder.query('SELECT pg_advisory_unlock(1)')
    },
  }
}
