/** One PostgreSQL for a test run, with a migrated template that every test file clones. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '#database/embedded.ts'
import { migrate } from '#database/migrate.ts'
import { postgresBinDir } from './support/postgres-binaries.ts'
import { databaseUrl, TEMPLATE } from './support/postgres.ts'

/** Nothing here must survive a power cut. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '600',
  autovacuum: 'off',
  max_wal_size: '2GB',
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'signet-test-'))
  const binDir = postgresBinDir(project.name)
  const postgres = await startEmbedded({ dataDir, settings: SETTINGS, ...(binDir && { binDir }) })
  const client = new pg.Client(postgres.url)
  await client.connect()
  await client.query(`CREATE DATABASE ${TEMPLATE}`)
  await client.end()
  await migrate({ url: databaseUrl(postgres.url, TEMPLATE) })
  project.provide('postgresUrl', postgres.url)
  return async () => {
    await postgres.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
