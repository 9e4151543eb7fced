/** How the tests run: each file in a process of its own, on a database of its own. */
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

/** What must hold on the oldest PostgreSQL as well: everything that runs statements of the rooms. */
const ON_EVERY_POSTGRES = [
  'test/{flows,conformance}/**/*.test.ts',
  'test/migrations.test.ts',
  'test/database/pool.test.ts',
]

const GLOBAL_SETUP = { globalSetup: ['test/global-setup.ts'] }

function onPostgres(version: string, include: string[]): TestProjectInlineConfiguration {
  return { extends: true, test: { ...GLOBAL_SETUP, name: `postgres-${version}`, include } }
}

/** `SIGNET_TEST_POSTGRES`: 18 (the packaged one, unless told otherwise), 14 (the oldest supported), or `all`. */
const where =
  process.env['SIGNET_TEST_POSTGRES'] === 'all'
    ? { projects: [onPostgres('18', ['test/**/*.test.ts']), onPostgres('14', ON_EVERY_POSTGRES)] }
    : { ...GLOBAL_SETUP, include: ['test/**/*.test.ts'] }

export default defineConfig({
  test: {
    ...where,
    setupFiles: ['test/support/set-up-file.ts'],
    pool: 'forks',
    maxWorkers: 3,
    execArgv: ['--disable-warning=ExperimentalWarning', '--enable-source-maps'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    restoreMocks: true,
  },
})
