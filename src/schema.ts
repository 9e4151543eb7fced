/** The schema as a whole: the steps of all rooms, and of the packages that bring tables of their own. */
import { loadMigrator as loadOurs, migrate as migrateOurs, type MigrateOptions } from '#database/migrate.ts'
import { loadOutboxMigrator, migrateOutbox } from '#outbox/outbox-schema.ts'

/** Takes all pending steps and returns their names; throws as `migrate` of the database room does. */
export function migrate(options: MigrateOptions): Promise<string[]> {
  return migrateOurs(options, () => migrateOutbox(options.url, options.logger))
}

/** Loads the code that takes steps, for a start that knows beforehand that there will be some. */
export async function loadMigrator(): Promise<void> {
  await Promise.all([loadOurs(), loadOutboxMigrator()])
}
