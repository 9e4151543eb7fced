/** One PostgreSQL for each test run, started when a test first asks for a database, so that pure tests start none. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '#embedded-postgres/embedded-postgres.ts'
import { migrate } from '#schema.ts'
import { postgresBinDir } from './support/postgres-binaries.ts'
import { databaseUrl, TEMPLATE } from './support/postgres.ts'

/** The data need not survive a crash. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '600',
  autovacuum: 'off',
  max_wal_size: '2GB',
}

interface Running {
  readonly url: string
  stop(): Promise<void>
}

/** Serves the URL to test processes; the first one to ask waits until PostgreSQL is started and migrated. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let running: Promise<Running> | undefined
  const server = createServer((_request, response) => {
    running ??= start(postgresBinDir(project.name))
    running.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  project.provide('postgresAt', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return async () => {
    server.close()
    server.closeAllConnections()
    const started = await running?.catch(() => undefined)
    await started?.stop()
  }
}

/** Starts PostgreSQL with a migrated template, which every test file clones. */
async function start(binDir: string | undefined): Promise<Running> {
  const dataDir = mkdtempSync(join(tmpdir(), 'signet-test-'))
  const postgres = await startEmbedded({ dataDir, settings: SETTINGS, ...(binDir && { binDir }) })
  const client = new pg.Client(postgres.url)
  await client.connect()
  await client.query(`CREATE DATABASE ${TEMPLATE}`)
  await client.end()
  await migrate({ url: databaseUrl(postgres.url, TEMPLATE) })
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
