/** The tests of `npm run mutate`, each file in the process of the mutant. */
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { TARGETS } from './targets.ts'

/** What `run.ts` was asked for with `--only`. */
const only = process.env['SIGNET_MUTATE_ONLY'] ?? ''
const tests = TARGETS.filter(({ file }) => file.includes(only)).flatMap((target) => target.tests)

export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    include: [...new Set(tests)],
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/support/set-up-file.ts'],
    isolate: false,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
