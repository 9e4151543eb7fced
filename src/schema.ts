/** The schema of all rooms: their tables and migrations, and the migrations of packages with tables of their own. */
import { loadMigrator as loadKnex, migrate as migrateRooms, type MigrateOptions } from '#database/migrate.ts'
import type { OwnedTables } from '#database/owned-tables.ts'
import { loadOutboxMigrator, migrateOutbox } from '#outbox/outbox-schema.ts'
import { TABLES as accountsTables } from '#accounts/tables.ts'
import { TABLES as auditTables } from '#audit/tables.ts'
import { TABLES as clientsTables } from '#clients/tables.ts'
import { TABLES as databaseTables } from '#database/tables.ts'
import { TABLES as federationTables } from '#federation/tables.ts'
import { TABLES as mailTables } from '#mail/tables.ts'
import { TABLES as oidcTables } from '#oidc/tables.ts'
import { TABLES as resourcesTables } from '#resources/tables.ts'
import { TABLES as sealingTables } from '#sealing/tables.ts'
import { TABLES as settingsTables } from '#settings/tables.ts'
import { TABLES as signInTables } from '#sign-in/tables.ts'
import { TABLES as signingKeysTables } from '#signing-keys/tables.ts'
import { TABLES as verificationTables } from '#verification/tables.ts'

/** The tables of every room, by the room that owns them. */
export const TABLES_OF_ROOMS: Readonly<Record<string, OwnedTables>> = {
  accounts: accountsTables,
  audit: auditTables,
  clients: clientsTables,
  database: databaseTables,
  federation: federationTables,
  mail: mailTables,
  oidc: oidcTables,
  resources: resourcesTables,
  sealing: sealingTables,
  settings: settingsTables,
  'sign-in': signInTables,
  'signing-keys': signingKeysTables,
  verification: verificationTables,
}

/** All tables, with what a restore does to each. */
export const TABLES: OwnedTables = Object.assign({}, ...Object.values(TABLES_OF_ROOMS))

/** Applies all pending migrations and returns their names. Throws as `migrate` of the database room. */
export function migrate(options: MigrateOptions): Promise<string[]> {
  return migrateRooms(options, () => migrateOutbox(options.url, options.logger))
}

/** Imports the migration code in advance, for a start that expects migrations. */
export async function loadMigrator(): Promise<void> {
  await Promise.all([loadKnex(), loadOutboxMigrator()])
}
