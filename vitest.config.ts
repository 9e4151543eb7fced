/** How the tests run: each file on a database of its own, one after another in processes that keep what they loaded. */
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * What runs on the oldest PostgreSQL as well: together these files run every statement that any flow runs (recorded by a
 * query hook of the driver, then chosen for the least processor time). `npm run test:soak` runs every flow there.
 */
const ON_EVERY_POSTGRES = [
  'test/conformance/{adapter,login-methods,races}.test.ts',
  'test/migrations.test.ts',
  'test/database/pool.test.ts',
  ...[
    'access-token-typ',
    'backchannel-logout',
    'browser-headers',
    'client-documents',
    'device-tokens',
    'direct-path',
    'encryption',
    'growth',
    'id-token-hints',
    'introspection',
    'mutual-tls',
    'registration/coalescing',
    'registration/collection',
    'registration/initial-access-tokens',
    'registration/management',
    'requested-acr',
  ].map((name) => `test/flows/${name}.test.ts`),
]

/**
 * What takes long and is about processes that die, compares times, or installs what test/pack.test.ts installs as well:
 * `npm run test:soak` runs it (`SIGNET_TEST_SOAK`).
 */
const BY_NIGHT = [
  'test/flows/refresh-crash.test.ts',
  'test/flows/restore-epoch-servers.test.ts',
  'test/hazards/faults.test.ts',
  'test/hazards/unknown-addresses.test.ts',
  'test/browser/first-paint.test.ts',
  'test/docs/image.test.ts',
]
const leftOut = process.env['SIGNET_TEST_SOAK'] === undefined ? BY_NIGHT : []

/** Half a minute and more each, what waits beside what computes: begun last, one of them would run alone at the end. */
const LONGEST = [
  'docs/commands',
  'cli/serve-refusals',
  'cli/serve',
  'browser/account-pages',
  'embedded-postgres/embedded-postgres',
  'flows/revocation-matrix',
  'browser/upstream-pages',
  'pack',
  'flows/master-keys',
  'browser/pages',
  'browser/mail-pages',
  'mail/mail',
  'flows/demo',
  'oidc/refresh-schedules',
  'admin/last-administrator',
  'flows/restore-epoch',
].map((name) => `/test/${name}.test.ts`)

/** A process goes on to the next file only if that is of the same project: the files of a project follow each other. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = [...new Set(files.map(({ project }) => project.name))].toSorted().toReversed()
    const rank = ({ moduleId, project }: TestSpecification) => {
      const at = LONGEST.findIndex((end) => moduleId.endsWith(end))
      return projects.indexOf(project.name) * (LONGEST.length + 1) + (at === -1 ? LONGEST.length : at)
    }
    return files.toSorted((one, other) => rank(one) - rank(other))
  }
}

const GLOBAL_SETUP = { globalSetup: ['test/global-setup.ts'] }

function onPostgres(version: string, include: string[]): TestProjectInlineConfiguration {
  const all = { include, exclude: [...configDefaults.exclude, ...leftOut] }
  return { extends: true, test: { ...GLOBAL_SETUP, name: `postgres-${version}`, ...all } }
}

/** `SIGNET_TEST_POSTGRES`: 18 (the packaged one, unless told otherwise), 14 (the oldest supported), or `all`. */
const where =
  process.env['SIGNET_TEST_POSTGRES'] === 'all'
    ? { projects: [onPostgres('18', ['test/**/*.test.ts']), onPostgres('14', ON_EVERY_POSTGRES)] }
    : { ...GLOBAL_SETUP, include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...leftOut] }

export default defineConfig({
  test: {
    ...where,
    setupFiles: ['test/support/set-up-file.ts'],
    pool: 'forks',
    // loading the sources again for each file would take a fifth of the whole time
    isolate: false,
    // more than cores: a fifth of the time is spent waiting
    maxWorkers: 5,
    // the larger young generation saves a tenth of the processor time, which went into collecting garbage
    execArgv: ['--disable-warning=ExperimentalWarning', '--enable-source-maps', '--max-semi-space-size=64'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // how long a sign is waited for on a machine that may be busy, unless a test says otherwise
    expect: { poll: { timeout: 10_000 } },
    teardownTimeout: 20_000,
    restoreMocks: true,
    sequence: { sequencer: LongestFirst },
  },
})
