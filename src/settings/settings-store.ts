/** The SQL of the table `settings`: one row with the values that were set, by group and name. */
import type { Queryable } from '#database/database.ts'
import type { SettingsChange } from './settings-schema.ts'

export interface StoredSettings {
  readonly given: SettingsChange
  readonly version: number
  readonly updatedAt: Date
}

export function createSettingsStore(db: Queryable) {
  return {
    async read(): Promise<StoredSettings> {
      const { rows } = await db.query<StoredSettings>('SELECT given, version, updated_at AS "updatedAt" FROM settings')
      if (!rows[0]) throw new TypeError('the table settings has one row')
      return rows[0]
    },

    /** Updates the settings. Returns undefined when `version` is outdated. */
    async update(given: SettingsChange, version: number, at: Date): Promise<StoredSettings | undefined> {
      const { rows } = await db.query<StoredSettings>(
        `UPDATE settings SET given = $1, version = version + 1, updated_at = $3 WHERE version = $2
         RETURNING given, version, updated_at AS "updatedAt"`,
        [JSON.stringify(given), version, at],
      )
      return rows[0]
    },
  }
}
